use std::time::Duration;

use cachefs_vfs::{Caps, Result, Vfs, nowait};

use crate::stats::{BackingVerb, Counter, Stats};
use crate::sync::{Arc, AtomicUsize, Ordering};
use crate::time::Clock;

/// The one seam to the backing: every call goes through it and is counted and timed here.
#[derive(Debug)]
pub(crate) struct Backing {
    pub(crate) fs: Arc<dyn Vfs>,
    caps: Caps,
    clock: Arc<dyn Clock>,
    stats: Stats,
    in_flight: AtomicUsize,
}

impl Backing {
    pub(crate) fn new(fs: Arc<dyn Vfs>, clock: Arc<dyn Clock>, stats: Stats) -> Self {
        let caps = fs.caps();
        Self { fs, caps, clock, stats, in_flight: AtomicUsize::new(0) }
    }

    /// What the backing can do.
    pub(crate) fn caps(&self) -> &Caps {
        &self.caps
    }

    /// Calls under way.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Calls the backing, unless the caller must not wait. Blocks as long as the backing takes.
    pub(crate) fn call<T>(&self, verb: BackingVerb, call: impl FnOnce() -> Result<T>) -> Result<T> {
        nowait::check()?;
        let _under_way = UnderWay::new(&self.in_flight);
        let begun = self.clock.now_exact();
        let answer = call();
        self.stats.count_backing(verb, self.took(begun), answer.is_err());
        answer
    }

    /// As [`Self::call`], for reads: counts the bytes.
    pub(crate) fn read(&self, read: impl FnOnce() -> Result<usize>) -> Result<usize> {
        let bytes = self.call(BackingVerb::Read, read)?;
        self.stats.add_bytes(Counter::BackingReadBytes, bytes);
        Ok(bytes)
    }

    /// As [`Self::call`], for what writes bytes: counts them.
    pub(crate) fn write(&self, verb: BackingVerb, write: impl FnOnce() -> Result<usize>) -> Result<usize> {
        let bytes = self.call(verb, write)?;
        self.stats.add_bytes(Counter::BackingWrittenBytes, bytes);
        Ok(bytes)
    }

    fn took(&self, begun: crate::time::Moment) -> Duration {
        self.clock.now_exact().since(begun)
    }
}

/// Counts a call as under way until it is dropped, also by a panic in the backing.
struct UnderWay<'a>(&'a AtomicUsize);

impl<'a> UnderWay<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
