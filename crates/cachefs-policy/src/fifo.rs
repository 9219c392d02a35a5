use crate::segments::Segments;
use crate::{Admission, EvictionPolicy, Slot};

const ALL: u8 = 0;

/// First in, first out (Belady, "A study of replacement algorithms for a virtual-storage computer", IBM Systems
/// Journal 5(2), 1966).
///
/// Good at: nothing to do on a hit. Bad at: whatever is used again, which goes as soon as what is not.
#[derive(Debug, Default)]
pub struct Fifo {
    entries: Segments<1>,
}

impl Fifo {
    /// Without entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl EvictionPolicy for Fifo {
    fn on_insert(&mut self, slot: Slot, entry: Admission) {
        self.entries.insert(ALL, slot, entry.weight, ());
    }

    fn on_hit(&mut self, _slot: Slot) {}

    fn takes_late_hits(&self) -> bool {
        true
    }

    fn on_remove(&mut self, slot: Slot, _evicted: bool) {
        self.entries.remove(slot);
    }

    fn victim(&mut self) -> Option<Slot> {
        self.entries.back(ALL)
    }

    fn on_refused(&mut self, slot: Slot) {
        self.entries.move_to(ALL, slot);
    }

    fn on_resize(&mut self, _capacity: u64) {}
}
