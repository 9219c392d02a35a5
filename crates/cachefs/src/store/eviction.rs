//! Making room: who needs some evicts until there is enough, from all shards in turn.

use super::Store;
use crate::stats::Counter;
use crate::sync::Ordering;

/// How often evictions may be tried for one request before it is given up: enough to make a block's room out of the
/// smallest frames several times over, so that it fails only against a crowd that takes all it frees.
const EVICTIONS_MAX: usize = 512;

impl Store {
    /// Counts one more entry, if the limit has room for it.
    pub(super) fn reserve_entry(&self) -> Option<()> {
        let room = |entries: usize| (entries < self.entries_max()).then_some(entries + 1);
        self.entries.try_update(Ordering::Relaxed, Ordering::Relaxed, room).ok().map(|_| ())
    }

    /// Evicts until `take` takes something.
    pub(super) fn evict_until<T>(&self, reason: Counter, take: impl Fn() -> Option<T>) -> Option<T> {
        for _ in 0..EVICTIONS_MAX {
            if let Some(taken) = take() {
                return Some(taken);
            }
            if !self.evict(reason) {
                break;
            }
        }
        take()
    }

    /// Holds no more than so many bytes from now on.
    pub(crate) fn resize(&self, bytes_max: usize) {
        self.pool.resize(bytes_max);
        self.limit_kept(bytes_max);
        while self.pool.is_above() && self.evict(Counter::EvictedForBytes) {}
    }

    /// Evicts one block, of the next shard that has one nobody is reading.
    fn evict(&self, reason: Counter) -> bool {
        for _ in 0..self.shards.len() {
            let next = self.hand.fetch_add(1, Ordering::Relaxed) & (self.shards.len() - 1);
            let Some(gone) = self.shards[next].evict() else { continue };
            self.entries.fetch_sub(1, Ordering::Relaxed);
            self.evicted.remember(gone.hash);
            self.stats.count(reason);
            self.stats.add_bytes(Counter::EvictedBytes, gone.frame.class().bytes());
            self.count_waste(&gone);
            return true;
        }
        false
    }
}
