use cachefs_policy::{Admission, EvictionPolicy, Slot};

/// Expiry, last use, slot.
#[derive(Debug, Default)]
pub(crate) struct Model {
    entries: Vec<(u64, u64, Slot)>,
    uses: u64,
    /// The expiry of the last victim named.
    due: u64,
}

impl Model {
    fn put(&mut self, slot: Slot, expires_at: u64) {
        self.uses += 1;
        self.entries.push((expires_at.max(self.due), self.uses, slot));
    }

    fn take(&mut self, slot: Slot) -> u64 {
        let at = self.entries.iter().position(|entry| entry.2 == slot).unwrap();
        self.entries.remove(at).0
    }
}

impl EvictionPolicy for Model {
    fn on_insert(&mut self, slot: Slot, entry: Admission) {
        self.put(slot, entry.expires_at);
    }
    fn on_hit(&mut self, slot: Slot) {
        let expires_at = self.take(slot);
        self.put(slot, expires_at);
    }
    fn on_remove(&mut self, slot: Slot, _evicted: bool) {
        self.take(slot);
    }
    fn victim(&mut self) -> Option<Slot> {
        let &(expires_at, _, slot) = self.entries.iter().min()?;
        self.due = expires_at;
        Some(slot)
    }
    fn on_refused(&mut self, slot: Slot) {
        let expires_at = self.take(slot);
        self.victim();
        self.put(slot, expires_at);
    }
    fn on_resize(&mut self, _capacity: u64) {}
}
