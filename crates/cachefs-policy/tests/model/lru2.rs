use super::ranked::Ranked;
use super::{Item, Line, remember, shrink, take};
use cachefs_policy::{Admission, EvictionPolicy, Slot};

/// `hits` of an item is the epoch of its last use.
#[derive(Debug, Default)]
pub(crate) struct Model {
    capacity: u64,
    resident: Line,
    /// Used once, in the order of these uses.
    once: Vec<Slot>,
    /// Used twice, by the epoch of the use before the last.
    twice: Ranked,
    ghost: Line,
    epoch: u64,
    events: usize,
    slots: usize,
}

impl Model {
    pub(crate) fn new(capacity: u64) -> Self {
        Self { capacity, ..Self::default() }
    }

    fn tick(&mut self) {
        self.events += 1;
        if self.events > self.resident.len() / 16 {
            (self.events, self.epoch) = (0, self.epoch + 1);
        }
    }

    fn last(&self, slot: Slot) -> u64 {
        self.resident.iter().find(|item| item.slot == slot).unwrap().hits
    }

    fn use_now(&mut self, slot: Slot) {
        self.resident.iter_mut().find(|item| item.slot == slot).unwrap().hits = self.epoch;
    }

    /// Earlier ones are not told apart.
    fn earliest(&self) -> u64 {
        self.epoch.saturating_sub(255)
    }
}

impl EvictionPolicy for Model {
    fn on_insert(&mut self, slot: Slot, entry: Admission) {
        self.tick();
        self.slots = self.slots.max(slot.index() + 1);
        let before = self.ghost.iter().position(|item| item.hash == entry.key_hash);
        match before.map(|at| self.ghost.remove(at)) {
            Some(item) => self.twice.put(slot, item.hits.max(self.earliest())),
            None => self.once.push(slot),
        }
        self.resident.push(Item { hits: self.epoch, ..Item::new(slot, entry) });
    }
    fn on_hit(&mut self, slot: Slot) {
        self.tick();
        let before = self.last(slot);
        if before < self.epoch {
            self.once.retain(|&other| other != slot);
            self.twice.put(slot, before.max(self.earliest()));
            self.use_now(slot);
        } else if self.once.contains(&slot) {
            self.once.retain(|&other| other != slot);
            self.once.push(slot);
        }
    }
    fn on_remove(&mut self, slot: Slot, evicted: bool) {
        let item = take(&mut self.resident, slot).unwrap();
        self.once.retain(|&other| other != slot);
        self.twice.take(slot);
        if evicted {
            remember(&mut self.ghost, item, self.slots, self.capacity);
        }
    }
    fn victim(&mut self) -> Option<Slot> {
        let new = self.once.first().copied();
        let again = self.twice.lowest().map(|entry| entry.0);
        if again.is_none() || new.is_some_and(|slot| self.last(slot) + 4 <= self.epoch) { new } else { again }
    }
    fn on_refused(&mut self, slot: Slot) {
        self.use_now(slot);
        if self.once.contains(&slot) {
            self.once.retain(|&other| other != slot);
            if self.once.is_empty() {
                self.twice.put(slot, self.epoch);
            } else {
                self.once.push(slot);
            }
        } else if self.twice.len() == 1 {
            self.twice.take(slot);
            self.once.push(slot);
        } else {
            self.twice.refuse(slot, self.earliest());
        }
    }
    fn on_resize(&mut self, capacity: u64) {
        self.capacity = capacity;
        shrink(&mut self.ghost, capacity);
    }
}
