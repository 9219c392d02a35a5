use super::{Item, Line, take};
use cachefs_policy::{Admission, EvictionPolicy, Slot};

#[derive(Debug, Default)]
pub(crate) struct Model(Line);

impl EvictionPolicy for Model {
    fn on_insert(&mut self, slot: Slot, entry: Admission) {
        self.0.push(Item::new(slot, entry));
    }
    fn on_hit(&mut self, _slot: Slot) {}
    fn on_remove(&mut self, slot: Slot, _evicted: bool) {
        take(&mut self.0, slot);
    }
    fn victim(&mut self) -> Option<Slot> {
        Some(self.0.first()?.slot)
    }
    fn on_refused(&mut self, _slot: Slot) {
        self.0.rotate_left(1);
    }
    fn on_resize(&mut self, _capacity: u64) {}
}
