//! A cache of entries of weight 1 under one policy, place being made before an insertion.

use std::collections::HashMap;

use cachefs_policy::{Admission, EvictionPolicy, PolicyKind, Slot};

#[derive(Debug)]
pub(crate) struct Cache {
    pub(crate) policy: Box<dyn EvictionPolicy>,
    slot_of: HashMap<u64, Slot>,
    /// As many as the cache has places.
    key_of: Vec<Option<u64>>,
    used: usize,
}

impl Cache {
    pub(crate) fn new(kind: PolicyKind, slots: usize) -> Self {
        let policy = kind.build(u64::try_from(slots).expect("small"));
        // More room than ever needed: what allocates later is the policy.
        Self { policy, slot_of: HashMap::with_capacity(4 * slots), key_of: vec![None; slots], used: 0 }
    }

    /// Whether it was a hit.
    pub(crate) fn access(&mut self, key: u64) -> bool {
        if let Some(&slot) = self.slot_of.get(&key) {
            self.policy.on_hit(slot);
            return true;
        }
        let entry = Admission { key_hash: key, weight: 1, expires_at: key % 97 };
        self.policy.on_coming(entry);
        let slot = self.place();
        self.policy.on_insert(slot, entry);
        self.slot_of.insert(key, slot);
        self.key_of[slot.index()] = Some(key);
        false
    }

    pub(crate) fn is_full(&self) -> bool {
        self.used == self.key_of.len()
    }

    fn place(&mut self) -> Slot {
        if !self.is_full() {
            self.used += 1;
            return Slot(u32::try_from(self.used - 1).expect("small"));
        }
        let victim = self.policy.victim().expect("full");
        self.policy.on_remove(victim, true);
        let key = self.key_of[victim.index()].take().expect("resident");
        self.slot_of.remove(&key);
        victim
    }
}
