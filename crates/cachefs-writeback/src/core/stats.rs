use std::cell::Cell;

use crate::sync::{AtomicU64, Ordering};

/// What happened since the start.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    /// Flushes that ended well.
    pub(crate) flushes: AtomicU64,
    /// Bytes that they wrote to the backing.
    pub(crate) flushed_bytes: AtomicU64,
    /// Bytes that those under way have written so far.
    under_way: AtomicU64,
    /// Flushes that failed.
    pub(crate) failures: AtomicU64,
    /// Files that were kept beside another.
    pub(crate) conflicts: AtomicU64,
    /// Acknowledged bytes that could not be read back from the journal.
    pub(crate) lost_bytes: AtomicU64,
    /// Writes that went to the backing at once.
    pub(crate) through: AtomicU64,
    /// Bytes moved forward in the journal.
    pub(crate) forwarded_bytes: AtomicU64,
}

impl Stats {
    pub(crate) fn add(counter: &AtomicU64, count: u64) {
        counter.fetch_add(count, Ordering::Relaxed);
    }

    /// Bytes that flushes wrote, those under way too. Less again once one of them fails.
    pub(crate) fn written(&self) -> u64 {
        let flushed = self.flushed_bytes.load(Ordering::Acquire);
        // A flush that ends counts for nothing for a moment, rather than twice.
        flushed.saturating_add(self.under_way.load(Ordering::Acquire))
    }
}

/// What one flush has written so far; forgotten when this is dropped.
#[derive(Debug)]
pub(crate) struct SoFar<'a> {
    stats: &'a Stats,
    bytes: Cell<u64>,
}

impl<'a> SoFar<'a> {
    pub(crate) fn of(stats: &'a Stats) -> Self {
        Self { stats, bytes: Cell::new(0) }
    }

    pub(crate) fn wrote(&self, bytes: u64) {
        self.bytes.update(|so_far| so_far + bytes);
        self.stats.under_way.fetch_add(bytes, Ordering::AcqRel);
    }
}

impl Drop for SoFar<'_> {
    fn drop(&mut self) {
        self.stats.under_way.fetch_sub(self.bytes.get(), Ordering::AcqRel);
    }
}
