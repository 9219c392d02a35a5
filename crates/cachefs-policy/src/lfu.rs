use crate::ring::Ring;
use crate::table::Table;
use crate::{Admission, EvictionPolicy, Slot};

/// The least frequently used entry goes first, the least recently used among equals, with ageing: what was popular
/// once is overtaken. Priorities are hits plus the priority of the last victim (LFU with dynamic ageing: Arlitt,
/// Cherkasova, Dilley, Friedrich, Jin, "Evaluating content management techniques for web proxy caches", Workshop on
/// Internet Server Performance 1999), in queues by priority (Shah, Mitra, Matani, "An O(1) algorithm for implementing
/// the LFU cache eviction scheme", 2010). More than 255 hits count as 255.
///
/// Good at: stable popularity, scans. Bad at: what is used much for a short time, which stays too long, and newcomers.
#[derive(Debug, Default)]
pub struct Lfu {
    ring: Ring,
    hits: Table<u64>,
}

impl Lfu {
    /// Without entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl EvictionPolicy for Lfu {
    fn on_insert(&mut self, slot: Slot, _entry: Admission) {
        self.hits.set(slot, 1);
        self.ring.insert(slot, self.ring.floor() + 1);
    }

    fn on_hit(&mut self, slot: Slot) {
        let hits = (self.hits[slot] + 1).min(Ring::SPAN);
        self.hits[slot] = hits;
        self.ring.move_to(slot, self.ring.floor() + hits);
    }

    fn on_remove(&mut self, slot: Slot, evicted: bool) {
        let priority = self.ring.priority(slot);
        self.ring.remove(slot);
        if evicted {
            // Others may be below, if this was not the victim.
            let floor = self.ring.lowest_priority().map_or(priority, |lowest| lowest.min(priority));
            self.ring.raise_floor(floor);
        }
    }

    fn victim(&mut self) -> Option<Slot> {
        self.ring.lowest()
    }

    fn on_refused(&mut self, slot: Slot) {
        self.ring.refuse(slot);
    }

    fn on_resize(&mut self, _capacity: u64) {}
}
