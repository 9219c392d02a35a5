use crate::sync::{AtomicU64, Ordering};

/// What happened since the start.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    /// Flushes that ended well.
    pub(crate) flushes: AtomicU64,
    /// Bytes that they wrote to the backing.
    pub(crate) flushed_bytes: AtomicU64,
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
}
