use super::{Item, Line, take};
use cachefs_policy::{Admission, EvictionPolicy, Slot};

/// In the stack: a resident, or a key that left, with the order in which it did.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    In(Slot),
    Out { hash: u64, weight: u64, left: u64 },
}

#[derive(Debug, Default)]
pub(crate) struct Model {
    capacity: u64,
    low: Line,
    /// Next victim first.
    high: Line,
    /// Bottom first.
    stack: Vec<Place>,
    evictions: u64,
    slots: usize,
}

impl Model {
    pub(crate) fn new(capacity: u64) -> Self {
        Self { capacity, ..Self::default() }
    }

    fn low_max(&self) -> u64 {
        self.capacity - 1.max(self.capacity / 100)
    }

    fn is_low(&self, slot: Slot) -> bool {
        self.low.iter().any(|item| item.slot == slot)
    }

    fn unstack(&mut self, place: Place) -> bool {
        let before = self.stack.len();
        self.stack.retain(|&other| other != place);
        self.stack.len() < before
    }

    fn prune(&mut self) {
        while let Some(&bottom) = self.stack.first() {
            if matches!(bottom, Place::In(slot) if self.is_low(slot)) {
                return;
            }
            self.stack.remove(0);
        }
    }

    fn demote(&mut self) {
        self.prune();
        if let Some(&Place::In(slot)) = self.stack.first() {
            self.stack.remove(0);
            let item = take(&mut self.low, slot).unwrap();
            self.high.push(item);
        }
        self.prune();
    }

    fn balance(&mut self) {
        while super::weight(&self.low) > self.low_max() && !self.low.is_empty() {
            self.demote();
        }
        self.prune();
    }

    fn gone(&self) -> Vec<(u64, u64, Place)> {
        let gone = self.stack.iter().filter_map(|&place| match place {
            Place::Out { weight, left, .. } => Some((left, weight, place)),
            Place::In(_) => None,
        });
        gone.collect()
    }

    /// Forgets who left first until the limits are kept.
    fn forget(&mut self, weight_max: u64, count_max: usize) {
        loop {
            let mut gone = self.gone();
            gone.sort_by_key(|entry| entry.0);
            if gone.len() <= count_max && gone.iter().map(|entry| entry.1).sum::<u64>() <= weight_max {
                return;
            }
            self.unstack(gone[0].2);
        }
    }

    fn take_gone(&mut self, wanted: u64) -> bool {
        let before = self.stack.len();
        self.stack.retain(|place| !matches!(place, Place::Out { hash, .. } if *hash == wanted));
        self.stack.len() < before
    }
}

impl EvictionPolicy for Model {
    fn on_insert(&mut self, slot: Slot, entry: Admission) {
        self.slots = self.slots.max(slot.index() + 1);
        let (item, returns) = (Item::new(slot, entry), self.take_gone(entry.key_hash));
        self.stack.push(Place::In(slot));
        if returns || super::weight(&self.low) + item.weight <= self.low_max() {
            self.low.push(item);
        } else {
            self.high.push(item);
        }
        self.balance();
    }
    fn on_hit(&mut self, slot: Slot) {
        let stacked = self.unstack(Place::In(slot));
        self.stack.push(Place::In(slot));
        if let Some(item) = take(&mut self.high, slot) {
            let line = if stacked { &mut self.low } else { &mut self.high };
            line.push(item);
        }
        self.balance();
    }
    fn on_remove(&mut self, slot: Slot, evicted: bool) {
        let at = self.stack.iter().position(|&place| place == Place::In(slot));
        let high = take(&mut self.high, slot);
        take(&mut self.low, slot);
        match (at, high) {
            (Some(at), Some(item)) if evicted && item.weight <= 2 * self.capacity => {
                // The room is made first: who leaves now is the last to be forgotten.
                self.evictions += 1;
                self.stack[at] = Place::Out { hash: item.hash, weight: item.weight, left: self.evictions };
                self.forget(2 * self.capacity, 2 * self.slots);
            }
            _ => {
                self.unstack(Place::In(slot));
            }
        }
        self.prune();
    }
    fn victim(&mut self) -> Option<Slot> {
        match (self.high.first(), self.stack.first()) {
            (Some(item), _) => Some(item.slot),
            (None, Some(&Place::In(slot))) => Some(slot),
            _ => None,
        }
    }
    fn on_refused(&mut self, slot: Slot) {
        if self.is_low(slot) {
            return self.on_hit(slot);
        }
        if self.high.len() == 1 {
            self.demote();
        }
        let item = take(&mut self.high, slot).unwrap();
        self.high.push(item);
    }
    fn on_resize(&mut self, capacity: u64) {
        self.capacity = capacity;
        self.forget(2 * capacity, usize::MAX);
        self.balance();
    }
}
