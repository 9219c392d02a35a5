use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cachefs_vfs::{Result, Vfs};

use crate::wrap::{Call, CallKind, Intercept, Permit, Wrapped, vfs_by_field};

/// A filesystem that counts the calls made to it.
///
/// Handles give no descriptor (`as_fd`), so nothing goes past the counters.
#[derive(Debug)]
pub struct CountFs {
    wrapped: Wrapped<Counters>,
}

vfs_by_field!(CountFs);

impl CountFs {
    /// Counts the calls to `inner`, from 0.
    #[must_use]
    pub fn new(inner: Arc<dyn Vfs>) -> Self {
        Self { wrapped: Wrapped::new(inner, Counters::default()) }
    }

    /// What was counted so far. Calls that run at the same time may be in it or not.
    #[must_use]
    pub fn snapshot(&self) -> Counts {
        self.wrapped.intercept().load(|counter| counter.load(Ordering::SeqCst))
    }

    /// Sets all counters to 0 and answers what they were.
    pub fn reset(&self) -> Counts {
        self.wrapped.intercept().load(|counter| counter.swap(0, Ordering::SeqCst))
    }

    /// How many calls there were in all.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.snapshot().total()
    }
}

/// What was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    kinds: [u64; CallKind::COUNT],
    /// Bytes read.
    pub bytes_read: u64,
    /// Bytes written or appended.
    pub bytes_written: u64,
    /// Bytes copied within the filesystem.
    pub bytes_copied: u64,
}

impl Counts {
    /// How many calls of this kind, failed ones included.
    #[must_use]
    pub fn of(&self, kind: CallKind) -> u64 {
        self.kinds[kind.index()]
    }

    /// How many calls of any kind.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.kinds.iter().sum()
    }

    /// What came after `earlier` was taken, with no reset between.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            kinds: std::array::from_fn(|index| self.kinds[index] - earlier.kinds[index]),
            bytes_read: self.bytes_read - earlier.bytes_read,
            bytes_written: self.bytes_written - earlier.bytes_written,
            bytes_copied: self.bytes_copied - earlier.bytes_copied,
        }
    }

    /// The kinds that were called, and how often: for messages.
    #[must_use]
    pub fn called(&self) -> Vec<(CallKind, u64)> {
        CallKind::ALL.into_iter().map(|kind| (kind, self.of(kind))).filter(|(_, count)| *count > 0).collect()
    }
}

#[derive(Debug)]
struct Counters {
    kinds: [AtomicU64; CallKind::COUNT],
    bytes_read: AtomicU64,
    bytes_written: AtomicU64,
    bytes_copied: AtomicU64,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            kinds: std::array::from_fn(|_| AtomicU64::new(0)),
            bytes_read: AtomicU64::new(0),
            bytes_written: AtomicU64::new(0),
            bytes_copied: AtomicU64::new(0),
        }
    }
}

impl Counters {
    fn load(&self, read: impl Fn(&AtomicU64) -> u64) -> Counts {
        Counts {
            kinds: std::array::from_fn(|index| read(&self.kinds[index])),
            bytes_read: read(&self.bytes_read),
            bytes_written: read(&self.bytes_written),
            bytes_copied: read(&self.bytes_copied),
        }
    }
}

impl Intercept for Counters {
    const PATHS: bool = false;

    fn before(&self, call: &Call<'_>) -> Result<Permit> {
        self.kinds[call.kind.index()].fetch_add(1, Ordering::SeqCst);
        Ok(Permit::default())
    }

    fn after(&self, call: &Call<'_>, moved: u64) {
        let counter = match call.kind {
            CallKind::Read | CallKind::ReadMany => &self.bytes_read,
            CallKind::Write | CallKind::Append => &self.bytes_written,
            CallKind::CopyRange => &self.bytes_copied,
            _ => return,
        };
        counter.fetch_add(moved, Ordering::SeqCst);
    }
}
