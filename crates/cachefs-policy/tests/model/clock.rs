use super::{Item, Line, take};
use cachefs_policy::{Admission, EvictionPolicy, Slot};

/// A circle that starts at the hand.
#[derive(Debug, Default)]
pub(crate) struct Model(Line);

impl EvictionPolicy for Model {
    fn on_insert(&mut self, slot: Slot, entry: Admission) {
        self.0.push(Item::new(slot, entry));
    }
    fn on_hit(&mut self, slot: Slot) {
        self.0.iter_mut().find(|item| item.slot == slot).unwrap().hits = 1;
    }
    fn on_remove(&mut self, slot: Slot, _evicted: bool) {
        take(&mut self.0, slot);
    }
    fn victim(&mut self) -> Option<Slot> {
        while self.0.first()?.hits == 1 {
            self.0[0].hits = 0;
            self.0.rotate_left(1);
        }
        Some(self.0[0].slot)
    }
    fn on_refused(&mut self, slot: Slot) {
        self.on_hit(slot);
        self.0.rotate_left(1);
    }
    fn on_resize(&mut self, _capacity: u64) {}
}
