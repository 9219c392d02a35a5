use std::collections::HashMap;

use super::ranked::Ranked;
use cachefs_policy::{Admission, EvictionPolicy, Slot};

#[derive(Debug, Default)]
pub(crate) struct Model {
    ranked: Ranked,
    /// Weight and hits of what is in.
    resident: HashMap<Slot, (u64, u64)>,
    age: u64,
}

impl EvictionPolicy for Model {
    fn on_insert(&mut self, slot: Slot, entry: Admission) {
        self.resident.insert(slot, (entry.weight.into(), 0));
        self.on_hit(slot);
    }
    fn on_hit(&mut self, slot: Slot) {
        self.resident.get_mut(&slot).unwrap().1 += 1;
        let all: u64 = self.resident.values().map(|entry| entry.0).sum();
        let mean = all / u64::try_from(self.resident.len()).unwrap();
        let (weight, hits) = self.resident[&slot];
        self.ranked.put(slot, self.age + (hits * 8 * mean / weight).clamp(1, 255));
    }
    fn on_remove(&mut self, slot: Slot, evicted: bool) {
        self.resident.remove(&slot);
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
