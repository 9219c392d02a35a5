//! A small cache that is used at random, with a policy and its model told the same.

use std::collections::BTreeMap;

use cachefs_policy::{Admission, EvictionPolicy, Slot};

use crate::dice::Dice;

pub(crate) struct World {
    seed: u64,
    step: usize,
    dice: Dice,
    policy: Box<dyn EvictionPolicy>,
    model: Box<dyn EvictionPolicy>,
    capacity: u64,
    /// Key and weight of what is in, by slot.
    resident: BTreeMap<u32, (u64, u32)>,
    weight_max: u64,
    keys: u64,
    now: u64,
    slots: u32,
}

impl World {
    /// What differs from seed to seed: weights, number of keys, whether place is made before or after, how often the
    /// victims are looked at.
    pub(crate) fn new(
        seed: u64,
        policy: fn(u64) -> Box<dyn EvictionPolicy>,
        model: fn(u64) -> Box<dyn EvictionPolicy>,
    ) -> Self {
        let mut dice = Dice::new(seed);
        let capacity = 10 + dice.below(40);
        let (weight_max, keys) = ([1, 1, 4, 9][usize::try_from(dice.below(4)).unwrap()], 10 + dice.below(60));
        let (policy, model) = (policy(capacity), model(capacity));
        Self {
            seed,
            step: 0,
            dice,
            policy,
            model,
            capacity,
            resident: BTreeMap::new(),
            weight_max,
            keys,
            now: 0,
            slots: 40,
        }
    }

    /// At most so many entries.
    pub(crate) fn with_slots(self, slots: u32) -> Self {
        Self { slots, ..self }
    }

    pub(crate) fn run(&mut self, steps: usize) {
        for step in 0..steps {
            self.step = step;
            self.now += self.dice.below(3);
            match self.dice.below(60) {
                0 => self.remove(false),
                1 => self.remove(true),
                2 | 3 => self.refuse(),
                4 => self.resize(),
                _ => self.access(),
            }
            if self.seed.is_multiple_of(3) {
                self.victim();
            }
        }
        // What is left goes in exactly the model's order.
        while self.evict() {}
    }

    /// Few keys are used much, many little; sometimes in a row.
    fn key(&mut self) -> u64 {
        let step = u64::try_from(self.step).unwrap();
        match (step / 100) % 3 {
            0 => self.dice.below(self.keys),
            1 => self.dice.below(self.keys).min(self.dice.below(self.keys)),
            _ => step % self.keys,
        }
    }

    fn access(&mut self) {
        let key = self.key();
        let found = self.resident.iter().find(|(_, entry)| entry.0 == key).map(|(&slot, _)| Slot(slot));
        if let Some(slot) = found {
            self.policy.on_hit(slot);
            self.model.on_hit(slot);
            return;
        }
        let weight = 1 + u32::try_from(self.dice.below(self.weight_max)).unwrap();
        let expires_at =
            if key.is_multiple_of(5) { Admission::NEVER } else { self.now + self.dice.below(100) };
        let entry = Admission { key_hash: key, weight, expires_at };
        if self.dice.below(4) > 0 {
            self.policy.on_coming(entry);
            self.model.on_coming(entry);
        }
        let before = self.seed.is_multiple_of(2);
        if before {
            self.make_place(u64::from(weight));
        }
        let Some(slot) = (0..self.slots).find(|slot| !self.resident.contains_key(slot)) else {
            self.evict();
            return;
        };
        self.policy.on_insert(Slot(slot), entry);
        self.model.on_insert(Slot(slot), entry);
        self.resident.insert(slot, (key, weight));
        if !before {
            self.make_place(0);
        }
    }

    fn make_place(&mut self, needed: u64) {
        while self.weight() + needed > self.capacity && self.evict() {}
    }

    fn weight(&self) -> u64 {
        self.resident.values().map(|entry| u64::from(entry.1)).sum()
    }

    fn evict(&mut self) -> bool {
        let Some(slot) = self.victim() else { return false };
        self.take(slot, true);
        true
    }

    fn take(&mut self, slot: Slot, evicted: bool) {
        self.policy.on_remove(slot, evicted);
        self.model.on_remove(slot, evicted);
        self.resident.remove(&slot.0);
    }

    /// Any entry leaves, not just a victim.
    fn remove(&mut self, evicted: bool) {
        let count = u64::try_from(self.resident.len()).unwrap();
        if count > 0 {
            let at = usize::try_from(self.dice.below(count)).unwrap();
            let slot = *self.resident.keys().nth(at).unwrap();
            self.take(Slot(slot), evicted);
        }
    }

    fn refuse(&mut self) {
        for _ in 0..=self.dice.below(4) {
            let Some(slot) = self.victim() else { return };
            self.policy.on_refused(slot);
            self.model.on_refused(slot);
            let next = self.victim();
            assert!(
                next != Some(slot) || self.resident.len() == 1,
                "seed {}, step {}: refused, and named again: {:?}",
                self.seed,
                self.step,
                self.policy
            );
        }
    }

    fn resize(&mut self) {
        self.capacity = 5 + self.dice.below(50);
        self.policy.on_resize(self.capacity);
        self.model.on_resize(self.capacity);
    }

    fn victim(&mut self) -> Option<Slot> {
        let victim = self.policy.victim();
        let (seed, step) = (self.seed, self.step);
        assert_eq!(victim, self.model.victim(), "seed {seed}, step {step}: the model has another");
        assert_eq!(victim, self.policy.victim(), "seed {seed}, step {step}: another without an event");
        assert_eq!(victim.is_none(), self.resident.is_empty(), "seed {seed}, step {step}");
        if let Some(slot) = victim {
            assert!(self.resident.contains_key(&slot.0), "seed {seed}, step {step}: {slot:?} is not in");
        }
        victim
    }
}
