use std::collections::HashMap;

use super::ranked::Ranked;
use cachefs_policy::{Admission, EvictionPolicy, Slot};

#[derive(Debug, Default)]
pub(crate) struct Model {
    ranked: Ranked,
    hits: HashMap<Slot, u64>,
    age: u64,
}

impl EvictionPolicy for Model {
    fn on_insert(&mut self, slot: Slot, _entry: Admission) {
        self.hits.insert(slot, 0);
        self.on_hit(slot);
    }
    fn on_hit(&mut self, slot: Slot) {
        let hits = self.hits.get_mut(&slot).unwrap();
        *hits = 255.min(*hits + 1);
        self.ranked.put(slot, self.age + *hits);
    }
    fn on_remove(&mut self, slot: Slot, evicted: bool) {
        let priority = self.ranked.take(slot).unwrap();
        if evicted {
            self.age = self.ranked.lowest().map_or(priority, |(_, lowest)| lowest.min(priority));
        }
    }
    fn victim(&mut self) -> Option<Slot> {
        Some(self.ranked.lowest()?.0)
    }
    fn on_refused(&mut self, slot: Slot) {
        self.ranked.refuse(slot, 0);
    }
    fn on_resize(&mut self, _capacity: u64) {}
}
