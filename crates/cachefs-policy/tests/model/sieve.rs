use super::{Item, Line};
use cachefs_policy::{Admission, EvictionPolicy, Slot};

/// Oldest first; the hand is an index into it and starts over where it ends.
#[derive(Debug, Default)]
pub(crate) struct Model {
    line: Line,
    hand: usize,
}

impl Model {
    fn at(&self, slot: Slot) -> usize {
        self.line.iter().position(|item| item.slot == slot).unwrap()
    }

    fn step(&mut self) {
        // Past the newest: back to the oldest, whoever comes in meanwhile.
        self.hand = if self.hand + 1 >= self.line.len() { 0 } else { self.hand + 1 };
    }
}

impl EvictionPolicy for Model {
    fn on_insert(&mut self, slot: Slot, entry: Admission) {
        self.line.push(Item::new(slot, entry));
    }
    fn on_hit(&mut self, slot: Slot) {
        let at = self.at(slot);
        self.line[at].hits = 1;
    }
    fn on_remove(&mut self, slot: Slot, _evicted: bool) {
        let at = self.at(slot);
        self.line.remove(at);
        if at < self.hand {
            self.hand -= 1;
        }
        if self.hand >= self.line.len() {
            self.hand = 0;
        }
    }
    fn victim(&mut self) -> Option<Slot> {
        while self.line.get(self.hand)?.hits == 1 {
            self.line[self.hand].hits = 0;
            self.step();
        }
        Some(self.line[self.hand].slot)
    }
    fn on_refused(&mut self, slot: Slot) {
        self.on_hit(slot);
        self.step();
    }
    fn on_resize(&mut self, _capacity: u64) {}
}
