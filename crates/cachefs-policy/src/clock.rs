use crate::segments::Segments;
use crate::{Admission, EvictionPolicy, Slot};

const ALL: u8 = 0;

/// First in, first out with a second chance for what was used since the hand came by last (Corbató, "A paging
/// experiment with the Multics system", MIT Project MAC report MAC-M-384, 1968).
///
/// Good at: recency nearly as well as LRU, with one bit to set on a hit. Bad at: scans, and frequency. The hand takes
/// amortised constant time: each entry it passes over was hit since.
#[derive(Debug, Default)]
pub struct Clock {
    /// Whether they were used since the hand came by.
    entries: Segments<1, bool>,
}

impl Clock {
    /// Without entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl EvictionPolicy for Clock {
    fn on_insert(&mut self, slot: Slot, entry: Admission) {
        self.entries.insert(ALL, slot, entry.weight, false);
    }

    fn on_hit(&mut self, slot: Slot) {
        *self.entries.note_mut(slot) = true;
    }

    fn takes_late_hits(&self) -> bool {
        true
    }

    fn on_remove(&mut self, slot: Slot, _evicted: bool) {
        self.entries.remove(slot);
    }

    fn victim(&mut self) -> Option<Slot> {
        loop {
            let slot = self.entries.back(ALL)?;
            if !std::mem::take(self.entries.note_mut(slot)) {
                return Some(slot);
            }
            self.entries.move_to(ALL, slot);
        }
    }

    fn on_refused(&mut self, slot: Slot) {
        // Being read is a use.
        *self.entries.note_mut(slot) = true;
        self.entries.move_to(ALL, slot);
    }

    fn on_resize(&mut self, _capacity: u64) {}
}
