use crate::ghost::Ghost;
use crate::segments::Segments;
use crate::{Admission, EvictionPolicy, Slot};

/// Seen once, first in first out: `A1in` of the paper.
const ONCE: u8 = 0;
/// Seen again after having left it, least recently used last: `Am`.
const AGAIN: u8 = 1;

/// An LRU list that only keys get into which come back after they left a queue of newcomers (Johnson, Shasha, "2Q: a
/// low overhead high performance buffer management replacement algorithm", VLDB 1994): the full version, with a
/// quarter of the weight for newcomers and a ghost of half of it.
///
/// Good at: scans, block traces. Bad at: what is used often, but only within a short time; fixed proportions.
#[derive(Debug)]
pub struct TwoQ {
    /// With the hashes of the keys.
    entries: Segments<2, u64>,
    ghost: Ghost,
    once_max: u64,
}

impl TwoQ {
    /// For this capacity.
    #[must_use]
    pub fn new(capacity: u64) -> Self {
        Self { entries: Segments::default(), ghost: Ghost::new(capacity / 2), once_max: capacity / 4 }
    }
}

impl EvictionPolicy for TwoQ {
    fn on_insert(&mut self, slot: Slot, entry: Admission) {
        let returns = self.ghost.take(entry.key_hash).is_some();
        self.entries.insert(if returns { AGAIN } else { ONCE }, slot, entry.weight, entry.key_hash);
        self.ghost.reserve(self.entries.len());
    }

    fn on_hit(&mut self, slot: Slot) {
        if self.entries.segment(slot) == AGAIN {
            self.entries.move_to(AGAIN, slot);
        }
    }

    fn on_remove(&mut self, slot: Slot, evicted: bool) {
        let (queue, weight) = self.entries.remove(slot);
        if evicted && queue == ONCE {
            self.ghost.insert(self.entries.note(slot), weight, 0);
        }
    }

    fn victim(&mut self) -> Option<Slot> {
        let once = self.entries.weight(ONCE) > self.once_max;
        let (first, second) = if once { (ONCE, AGAIN) } else { (AGAIN, ONCE) };
        self.entries.back(first).or_else(|| self.entries.back(second))
    }

    fn on_refused(&mut self, slot: Slot) {
        let other = if self.entries.segment(slot) == ONCE { AGAIN } else { ONCE };
        self.entries.refuse(slot, other);
    }

    fn on_resize(&mut self, capacity: u64) {
        self.once_max = capacity / 4;
        self.ghost.set_weight_max(capacity / 2);
    }
}
