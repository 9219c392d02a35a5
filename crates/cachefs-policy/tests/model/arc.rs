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
    /// What comes is in `b2`.
    b2_comes: bool,
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

    /// Moves `p`, once for each time a key lies in a ghost: `hits` says that it was.
    fn adapt(&mut self, entry: Admission) {
        let (b1, b2) = (weight(&self.b1), weight(&self.b2));
        let w = u64::from(entry.weight);
        for (is_b1, line) in [(true, &mut self.b1), (false, &mut self.b2)] {
            for item in line.iter_mut().filter(|item| item.hash == entry.key_hash && item.hits < ADAPTED) {
                item.hits = ADAPTED;
                self.p = if is_b1 {
                    self.c.min(self.p + w.max(w * b2 / b1.max(1)))
                } else {
                    self.p.saturating_sub(w.max(w * b1 / b2.max(1)))
                };
            }
        }
    }
}

const ADAPTED: u64 = 1;

impl EvictionPolicy for Model {
    fn on_coming(&mut self, entry: Admission) {
        self.adapt(entry);
        self.b2_comes = self.b2.iter().any(|item| item.hash == entry.key_hash);
    }
    fn on_insert(&mut self, slot: Slot, entry: Admission) {
        self.slots = self.slots.max(slot.index() + 1);
        self.adapt(entry);
        self.b2_comes = false;
        let item = Item::new(slot, entry);
        if take_key(&mut self.b1, item.hash) || take_key(&mut self.b2, item.hash) {
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
        let t1 = weight(&self.t1);
        let from_t1 = t1 > self.p || (t1 == self.p && self.b2_comes);
        let (line, other) = if from_t1 { (&self.t1, &self.t2) } else { (&self.t2, &self.t1) };
        Some(line.first().or(other.first())?.slot)
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
