use crate::links::{Links, List};
use crate::{Admission, EvictionPolicy, Slot};

/// The least recently used entry goes first (Denning, "The working set model for program behavior", Communications of
/// the ACM 11(5), 1968). Eight bytes per slot, constant time per event.
///
/// Good at: recency, and being understood. Bad at: scans, and loops a bit larger than the cache, where it never hits.
#[derive(Debug, Default)]
pub struct Lru {
    links: Links,
    /// Most recently used first.
    order: List,
}

impl Lru {
    /// Without entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl EvictionPolicy for Lru {
    fn on_insert(&mut self, slot: Slot, _entry: Admission) {
        self.links.grow_to(slot);
        self.order.push_front(&mut self.links, slot);
    }

    fn on_hit(&mut self, slot: Slot) {
        self.order.move_to_front(&mut self.links, slot);
    }

    fn on_remove(&mut self, slot: Slot, _evicted: bool) {
        self.order.unlink(&mut self.links, slot);
    }

    fn victim(&mut self) -> Option<Slot> {
        self.order.back()
    }

    fn on_refused(&mut self, slot: Slot) {
        self.order.move_to_front(&mut self.links, slot);
    }

    fn on_resize(&mut self, _capacity: u64) {}
}
