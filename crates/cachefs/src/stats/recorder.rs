use std::sync::OnceLock;
use std::time::Duration;

use super::cells::Registry;
use super::{BackingVerb, Counter, Histogram, MissReason, Snapshot};
use crate::sync::Arc;

/// Takes the events of one cache. Cheap to clone; clones are the same statistics.
///
/// Adding costs a few nanoseconds and takes no lock (but for a thread's first event): each thread adds to cells of
/// its own. Nothing is lost, also not when a thread ends.
#[derive(Clone, Debug)]
pub struct Stats(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    cells: Arc<Registry>,
    /// Nanoseconds per call; made at a verb's first call.
    latencies: [OnceLock<Histogram>; BackingVerb::COUNT],
}

impl Stats {
    /// All zero.
    #[must_use]
    pub fn new() -> Self {
        let latencies = [const { OnceLock::new() }; BackingVerb::COUNT];
        Self(Arc::new(Inner { cells: Registry::new(), latencies }))
    }

    /// Counts one event.
    pub fn count(&self, counter: Counter) {
        self.add(counter, 1);
    }

    /// Adds to a counter.
    pub fn add(&self, counter: Counter, amount: u64) {
        self.0.cells.add(counter.index(), amount);
    }

    /// Adds a length in bytes.
    pub fn add_bytes(&self, counter: Counter, bytes: usize) {
        self.add(counter, bytes as u64);
    }

    /// Counts names that were known, of inodes whose attributes were.
    pub(crate) fn count_hits(&self, names: u64) {
        let hits = [Counter::NameHit, Counter::AttrHit].map(|counter| (counter.index(), names));
        self.0.cells.add_each(hits);
    }

    /// Counts blocks that were here, and the bytes read from them.
    #[inline]
    pub(crate) fn count_data_hits(&self, blocks: u64, bytes: usize) {
        let (hits, hit_bytes) = (Counter::DataHit.index(), Counter::HitBytes.index());
        self.0.cells.add_each([(hits, blocks), (hit_bytes, bytes as u64)]);
    }

    /// Counts a block whose load begins.
    pub fn count_miss(&self, reason: MissReason) {
        self.count(Counter::DataMiss);
        self.count(reason.counter());
    }

    /// Counts a call to the backing that ended, well or not, and how long it took.
    pub fn count_backing(&self, verb: BackingVerb, took: Duration, failed: bool) {
        self.0.cells.add(calls_cell(verb), 1);
        if failed {
            self.0.cells.add(errors_cell(verb), 1);
        }
        self.0.latencies[verb.index()].get_or_init(Histogram::new).record_duration(took);
    }

    /// References to blocks up to now, whatever came of them.
    pub(crate) fn references(&self) -> u64 {
        let sums = self.0.cells.sums();
        let counters = [Counter::DataHit, Counter::DataMiss, Counter::Coalesced];
        counters.iter().map(|counter| sums[counter.index()]).sum()
    }

    /// Everything as it stands: exact for what happened before the call.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let sums = self.0.cells.sums();
        let latencies = self.0.latencies.iter().map(|slot| slot.get().map(Histogram::snapshot)).collect();
        Snapshot::new(
            std::array::from_fn(|index| sums[index]),
            std::array::from_fn(|index| sums[calls_cell(BackingVerb::ALL[index])]),
            std::array::from_fn(|index| sums[errors_cell(BackingVerb::ALL[index])]),
            latencies,
        )
    }
}

impl Default for Stats {
    fn default() -> Self {
        Self::new()
    }
}

const fn calls_cell(verb: BackingVerb) -> usize {
    Counter::COUNT + 2 * verb.index()
}

const fn errors_cell(verb: BackingVerb) -> usize {
    calls_cell(verb) + 1
}
