use crate::core::Stats;
use crate::sync::Ordering;

/// What was written to the backing since somebody asked.
#[derive(Debug)]
pub(super) struct Written<'a> {
    stats: &'a Stats,
    flushed_before: u64,
    before: u64,
    most: u64,
}

impl<'a> Written<'a> {
    pub(super) fn since(stats: &'a Stats) -> Self {
        let flushed_before = stats.flushed_bytes.load(Ordering::Relaxed);
        Self { stats, flushed_before, before: stats.written(), most: 0 }
    }

    /// Bytes of flushes that ended well.
    pub(super) fn flushed(&self) -> u64 {
        self.stats.flushed_bytes.load(Ordering::Relaxed) - self.flushed_before
    }

    /// The most bytes there were at once, with those of flushes under way: one that fails again and again at the same
    /// place does not get on.
    pub(super) fn most(&mut self) -> u64 {
        self.most = self.most.max(self.stats.written().saturating_sub(self.before));
        self.most
    }
}
