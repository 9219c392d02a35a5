use cachefs_policy::{Admission, EvictionPolicy, Slot};

#[derive(Debug)]
struct Entry {
    slot: Slot,
    hits: u64,
    inserted: u64,
    used: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Model {
    entries: Vec<Entry>,
    now: u64,
    refused: Option<Slot>,
}

impl EvictionPolicy for Model {
    fn on_insert(&mut self, slot: Slot, _entry: Admission) {
        (self.now, self.refused) = (self.now + 1, None);
        self.entries.push(Entry { slot, hits: 0, inserted: self.now, used: self.now });
    }
    fn on_hit(&mut self, slot: Slot) {
        (self.now, self.refused) = (self.now + 1, None);
        let entry = self.entries.iter_mut().find(|entry| entry.slot == slot).unwrap();
        (entry.hits, entry.used) = (entry.hits + 1, self.now);
    }
    fn on_remove(&mut self, slot: Slot, _evicted: bool) {
        (self.now, self.refused) = (self.now + 1, None);
        self.entries.retain(|entry| entry.slot != slot);
    }
    fn victim(&mut self) -> Option<Slot> {
        let uses = |entry: &Entry| entry.hits + 1;
        let time = |entry: &Entry| (self.now - entry.inserted + 1) * (self.now - entry.used + 1);
        let others = self.entries.iter().filter(|entry| Some(entry.slot) != self.refused);
        // Cross-multiplied, as quotients would be rounded.
        let worst = others.min_by(|left, right| {
            let (of_left, of_right) = (uses(left) * time(right), uses(right) * time(left));
            of_left.cmp(&of_right).then(left.slot.cmp(&right.slot))
        });
        worst.map(|entry| entry.slot).or(self.refused)
    }
    fn on_refused(&mut self, slot: Slot) {
        self.on_hit(slot);
        self.refused = Some(slot);
    }
    fn on_resize(&mut self, _capacity: u64) {}
}
