use super::{Item, Line, has, refuse, remember, shrink, take, take_key, weight};
use cachefs_policy::{Admission, EvictionPolicy, Slot};

/// The names of the paper.
#[derive(Debug, Default)]
pub(crate) struct Model {
    c: u64,
    p: u64,
    t1: Line,
    t2: Line,
    b1: Line,
    b2: Line,
    slots: usize,
}

impl Model {
    pub(crate) fn new(capacity: u64) -> Self {
        Self { c: capacity, ..Self::default() }
    }

    fn trim(&mut self) {
        while weight(&self.t1) + weight(&self.b1) > self.c && !self.b1.is_empty() {
            self.b1.remove(0);
        }
        let lines =
            |model: &Self| [&model.t1, &model.t2, &model.b1, &model.b2].map(weight).iter().sum::<u64>();
        while lines(self) > 2 * self.c {
            if !self.b2.is_empty() {
                self.b2.remove(0);
            } else if !self.b1.is_empty() {
                self.b1.remove(0);
            } else {
                break;
            }
        }
    }
}

impl EvictionPolicy for Model {
    fn on_insert(&mut self, slot: Slot, entry: Admission) {
        self.slots = self.slots.max(slot.index() + 1);
        let (item, b1, b2) = (Item::new(slot, entry), weight(&self.b1), weight(&self.b2));
        if take_key(&mut self.b1, item.hash) {
            let step = if b1 >= b2 { item.weight } else { item.weight * b2 / b1 };
            self.p = self.c.min(self.p + step);
            self.t2.push(item);
        } else if take_key(&mut self.b2, item.hash) {
            let step = if b2 >= b1 { item.weight } else { item.weight * b1 / b2 };
            self.p = self.p.saturating_sub(step);
            self.t2.push(item);
        } else {
            self.t1.push(item);
        }
        self.trim();
    }
    fn on_hit(&mut self, slot: Slot) {
        let item = take(&mut self.t1, slot).or_else(|| take(&mut self.t2, slot)).unwrap();
        self.t2.push(item);
    }
    fn on_remove(&mut self, slot: Slot, evicted: bool) {
        let (once, again) = (take(&mut self.t1, slot), take(&mut self.t2, slot));
        if !evicted {
            return;
        }
        if let Some(item) = once {
            remember(&mut self.b1, item, self.slots + 1, self.c);
        }
        if let Some(item) = again {
            remember(&mut self.b2, item, self.slots + 1, 2 * self.c);
        }
        self.trim();
    }
    fn victim(&mut self) -> Option<Slot> {
        let from_t1 = self.t2.is_empty() || weight(&self.t1) > self.p;
        let line = if from_t1 { &self.t1 } else { &self.t2 };
        Some(line.first()?.slot)
    }
    fn on_refused(&mut self, slot: Slot) {
        if has(&self.t1, slot) {
            refuse(&mut self.t1, &mut self.t2, slot);
        } else {
            refuse(&mut self.t2, &mut self.t1, slot);
        }
    }
    fn on_resize(&mut self, capacity: u64) {
        self.c = capacity;
        self.p = self.p.min(capacity);
        shrink(&mut self.b1, self.c);
        shrink(&mut self.b2, 2 * self.c);
        self.trim();
    }
}
