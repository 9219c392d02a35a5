use super::{Item, Line, take, weight};
use cachefs_policy::{Admission, EvictionPolicy, Sketch, Slot};

/// Counts in the same sketch, which has tests of its own.
#[derive(Debug)]
pub(crate) struct Model {
    capacity: u64,
    /// Window, probation, protected.
    parts: [Line; 3],
    sketch: Sketch,
    newcomer: Option<Slot>,
}

impl Model {
    pub(crate) fn new(capacity: u64) -> Self {
        Self { capacity, parts: Default::default(), sketch: Sketch::new(), newcomer: None }
    }

    fn part(&self, slot: Slot) -> usize {
        (0..3).find(|&part| super::has(&self.parts[part], slot)).unwrap()
    }

    fn item(&self, slot: Slot) -> Item {
        *self.parts.iter().flatten().find(|item| item.slot == slot).unwrap()
    }

    fn shift(&mut self, slot: Slot, to: usize) {
        let from = self.part(slot);
        let item = take(&mut self.parts[from], slot).unwrap();
        self.parts[to].push(item);
    }

    fn balance(&mut self) {
        let window_max = 1.max(self.capacity / 100);
        let main = self.capacity - window_max;
        while weight(&self.parts[0]) > window_max {
            let slot = self.parts[0][0].slot;
            self.newcomer = Some(slot);
            self.shift(slot, 1);
        }
        while weight(&self.parts[2]) > main - main / 5 {
            self.shift(self.parts[2][0].slot, 1);
        }
    }
}

impl EvictionPolicy for Model {
    fn on_insert(&mut self, slot: Slot, entry: Admission) {
        self.sketch.reserve(slot.index() + 1);
        self.sketch.add(entry.key_hash);
        self.parts[0].push(Item::new(slot, entry));
        self.balance();
    }
    fn on_hit(&mut self, slot: Slot) {
        self.sketch.add(self.item(slot).hash);
        self.newcomer = self.newcomer.filter(|&newcomer| newcomer != slot);
        let to = if self.part(slot) == 0 { 0 } else { 2 };
        self.shift(slot, to);
        self.balance();
    }
    fn on_remove(&mut self, slot: Slot, evicted: bool) {
        let part = self.part(slot);
        take(&mut self.parts[part], slot);
        if evicted || self.newcomer == Some(slot) {
            self.newcomer = None;
        }
    }
    fn victim(&mut self) -> Option<Slot> {
        let [window, probation, protected] = &self.parts;
        let oldest = probation.iter().chain(protected).chain(window).next()?;
        if let Some(newcomer) = self.newcomer
            && self.sketch.count(self.item(newcomer).hash) <= self.sketch.count(oldest.hash)
        {
            return Some(newcomer);
        }
        Some(oldest.slot)
    }
    fn on_refused(&mut self, slot: Slot) {
        self.newcomer = self.newcomer.filter(|&newcomer| newcomer != slot);
        let own = self.part(slot);
        let to = match (own, self.parts[own].len()) {
            (_, 2..) => own,
            (1, _) if !self.parts[2].is_empty() => 2,
            (1 | 2, _) => 0,
            _ => 1,
        };
        self.shift(slot, to);
    }
    fn on_resize(&mut self, capacity: u64) {
        self.capacity = capacity;
        self.balance();
    }
}
