use super::{Item, Line, has, refuse, remember, shrink, take, take_key, weight};
use cachefs_policy::{Admission, EvictionPolicy, Slot};

#[derive(Debug, Default)]
pub(crate) struct Model {
    capacity: u64,
    a1in: Line,
    a1out: Line,
    am: Line,
    slots: usize,
}

impl Model {
    pub(crate) fn new(capacity: u64) -> Self {
        Self { capacity, ..Self::default() }
    }
}

impl EvictionPolicy for Model {
    fn on_insert(&mut self, slot: Slot, entry: Admission) {
        self.slots = self.slots.max(slot.index() + 1);
        let line = if take_key(&mut self.a1out, entry.key_hash) { &mut self.am } else { &mut self.a1in };
        line.push(Item::new(slot, entry));
    }
    fn on_hit(&mut self, slot: Slot) {
        if let Some(item) = take(&mut self.am, slot) {
            self.am.push(item);
        }
    }
    fn on_remove(&mut self, slot: Slot, evicted: bool) {
        take(&mut self.am, slot);
        if let Some(item) = take(&mut self.a1in, slot)
            && evicted
        {
            remember(&mut self.a1out, item, self.slots, self.capacity / 2);
        }
    }
    fn victim(&mut self) -> Option<Slot> {
        let from_in = self.am.is_empty() || weight(&self.a1in) > self.capacity / 4;
        let line = if from_in { &self.a1in } else { &self.am };
        Some(line.first()?.slot)
    }
    fn on_refused(&mut self, slot: Slot) {
        if has(&self.am, slot) {
            refuse(&mut self.am, &mut self.a1in, slot);
        } else {
            refuse(&mut self.a1in, &mut self.am, slot);
        }
    }
    fn on_resize(&mut self, capacity: u64) {
        self.capacity = capacity;
        shrink(&mut self.a1out, capacity / 2);
    }
}
