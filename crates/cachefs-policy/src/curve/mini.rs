use crate::mix::mix;
use crate::{Admission, EvictionPolicy, Slot};

const NONE: u16 = u16::MAX;

/// A small cache without contents, whose keys are numbers.
#[derive(Debug)]
pub(super) struct Mini {
    policy: Box<dyn EvictionPolicy>,
    capacity: u64,
    used: u64,
    /// By key; [`NONE`] for what is not here.
    slots: Vec<u16>,
    /// By slot: key and weight.
    entries: Vec<(u16, u32)>,
    free: Vec<u16>,
}

impl Mini {
    pub(super) fn new(policy: Box<dyn EvictionPolicy>, capacity: u64, keys: usize) -> Self {
        let (entries, free) = (Vec::new(), Vec::new());
        Self { policy, capacity, used: 0, slots: vec![NONE; keys], entries, free }
    }

    /// Whether it was a hit. What is larger than the cache never comes in.
    pub(super) fn access(&mut self, key: u16, hash: u64, weight: u32) -> bool {
        let slot = self.slots[usize::from(key)];
        if slot != NONE {
            self.policy.on_hit(Slot(slot.into()));
            return true;
        }
        if u64::from(weight) <= self.capacity {
            self.load(key, hash, weight);
        }
        false
    }

    fn load(&mut self, key: u16, hash: u64, weight: u32) {
        while self.used + u64::from(weight) > self.capacity {
            let Some(victim) = self.policy.victim() else { return };
            self.evict(victim);
        }
        let slot = self.free.pop().unwrap_or_else(|| {
            self.entries.push((key, weight));
            u16::try_from(self.entries.len() - 1).unwrap_or(NONE)
        });
        self.entries[usize::from(slot)] = (key, weight);
        self.slots[usize::from(key)] = slot;
        self.used += u64::from(weight);
        // Mixed once more: of the hash itself the sample has only a part.
        self.policy.on_insert(Slot(slot.into()), Admission::new(mix(hash), weight));
    }

    fn evict(&mut self, slot: Slot) {
        self.policy.on_remove(slot, true);
        let (key, weight) = self.entries[slot.index()];
        self.free.push(std::mem::replace(&mut self.slots[usize::from(key)], NONE));
        self.used -= u64::from(weight);
    }
}
