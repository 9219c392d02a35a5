use super::{Item, Line, remember, shrink, take, take_key, weight};
use cachefs_policy::{Admission, EvictionPolicy, Slot};

#[derive(Debug, Default)]
pub(crate) struct Model {
    capacity: u64,
    small: Line,
    main: Line,
    ghost: Line,
    slots: usize,
}

impl Model {
    pub(crate) fn new(capacity: u64) -> Self {
        Self { capacity, ..Self::default() }
    }

    fn small_is_full(&self) -> bool {
        !self.small.is_empty() && (weight(&self.small) >= self.capacity / 10 || self.main.is_empty())
    }
}

impl EvictionPolicy for Model {
    fn on_insert(&mut self, slot: Slot, entry: Admission) {
        self.slots = self.slots.max(slot.index() + 1);
        let line = if take_key(&mut self.ghost, entry.key_hash) { &mut self.main } else { &mut self.small };
        line.push(Item::new(slot, entry));
    }
    fn on_hit(&mut self, slot: Slot) {
        for item in self.small.iter_mut().chain(&mut self.main).filter(|item| item.slot == slot) {
            item.hits = 3.min(item.hits + 1);
        }
    }
    fn on_remove(&mut self, slot: Slot, evicted: bool) {
        take(&mut self.main, slot);
        if let Some(item) = take(&mut self.small, slot)
            && evicted
        {
            remember(&mut self.ghost, item, self.slots, self.capacity - self.capacity / 10);
        }
    }
    fn victim(&mut self) -> Option<Slot> {
        loop {
            if self.small_is_full() {
                if self.small[0].hits == 0 {
                    return Some(self.small[0].slot);
                }
                let item = self.small.remove(0);
                self.main.push(Item { hits: 0, ..item });
            } else {
                if self.main.first()?.hits == 0 {
                    return Some(self.main[0].slot);
                }
                self.main[0].hits -= 1;
                self.main.rotate_left(1);
            }
        }
    }
    fn on_refused(&mut self, slot: Slot) {
        let item = take(&mut self.small, slot).or_else(|| take(&mut self.main, slot)).unwrap();
        let line = if self.main.is_empty() { &mut self.small } else { &mut self.main };
        line.push(Item { hits: 3, ..item });
    }
    fn on_resize(&mut self, capacity: u64) {
        self.capacity = capacity;
        shrink(&mut self.ghost, capacity - capacity / 10);
    }
}
