use super::{Item, Line, take};
use cachefs_policy::{Admission, EvictionPolicy, Slot};

/// Least recently used first.
#[derive(Debug, Default)]
pub(crate) struct Model(Line);

impl EvictionPolicy for Model {
    fn on_insert(&mut self, slot: Slot, entry: Admission) {
        self.0.push(Item::new(slot, entry));
    }
    fn on_hit(&mut self, slot: Slot) {
        let item = take(&mut self.0, slot).unwrap();
        self.0.push(item);
    }
    fn on_remove(&mut self, slot: Slot, _evicted: bool) {
        take(&mut self.0, slot);
    }
    fn victim(&mut self) -> Option<Slot> {
        Some(self.0.first()?.slot)
    }
    fn on_refused(&mut self, slot: Slot) {
        self.on_hit(slot);
    }
    fn on_resize(&mut self, _capacity: u64) {}
}
