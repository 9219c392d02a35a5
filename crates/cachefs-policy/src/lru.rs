use crate::links::{Links, List};
use crate::{Admission, EvictionPolicy, Slot};

/// The least recently used entry goes first. Eight bytes per slot, constant time per event.
#[derive(Debug, Default)]
pub struct Lru {
    links: Links,
    /// Most recently used first.
    order: List,
}

impl Lru {
    /// Without entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl EvictionPolicy for Lru {
    fn on_insert(&mut self, slot: Slot, _entry: Admission) {
        self.links.grow_to(slot);
        self.order.push_front(&mut self.links, slot);
    }

    fn on_hit(&mut self, slot: Slot) {
        self.order.move_to_front(&mut self.links, slot);
    }

    fn on_remove(&mut self, slot: Slot, _evicted: bool) {
        self.order.unlink(&mut self.links, slot);
    }

    fn victim(&mut self) -> Option<Slot> {
        self.order.back()
    }

    fn on_refused(&mut self, slot: Slot) {
        self.order.move_to_front(&mut self.links, slot);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: Admission = Admission { key_hash: 0, weight: 1 };

    /// The same, as plainly as it can be said: least recent first.
    #[derive(Default)]
    struct Model(Vec<Slot>);

    impl Model {
        fn take(&mut self, slot: Slot) {
            self.0.retain(|&other| other != slot);
        }

        fn touch(&mut self, slot: Slot) {
            self.take(slot);
            self.0.push(slot);
        }
    }

    /// A small generator of its own, so that a failing seed can be tried again.
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, limit: u64) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0 % limit
        }
    }

    fn step(lru: &mut Lru, model: &mut Model, dice: &mut Dice) {
        let slot = Slot(u32::try_from(dice.below(24)).expect("small"));
        let known = model.0.contains(&slot);
        match dice.below(8) {
            0..=2 if !known => {
                lru.on_insert(slot, ENTRY);
                model.touch(slot);
            }
            3 | 4 if known => {
                lru.on_hit(slot);
                model.touch(slot);
            }
            5 if known => {
                lru.on_remove(slot, false);
                model.take(slot);
            }
            6 => {
                if let Some(victim) = lru.victim() {
                    lru.on_remove(victim, true);
                    model.take(victim);
                }
            }
            7 => {
                if let Some(victim) = lru.victim() {
                    lru.on_refused(victim);
                    model.touch(victim);
                }
            }
            _ => {}
        }
    }

    #[test]
    fn agrees_with_the_model_after_every_step() {
        for seed in 1..=200 {
            let (mut lru, mut model, mut dice) = (Lru::new(), Model::default(), Dice(seed * 0x9E37_79B9));
            for number in 0..500 {
                step(&mut lru, &mut model, &mut dice);
                assert_eq!(lru.victim(), model.0.first().copied(), "seed {seed}, step {number}");
            }
            // What is left goes in exactly the model's order.
            for &expected in &model.0 {
                assert_eq!(lru.victim(), Some(expected), "seed {seed}");
                lru.on_remove(expected, true);
            }
            assert_eq!(lru.victim(), None, "seed {seed}");
        }
    }

    #[test]
    fn a_refused_victim_lets_another_one_go_first() {
        let mut lru = Lru::new();
        (0..3).for_each(|slot| lru.on_insert(Slot(slot), ENTRY));
        assert_eq!(lru.victim(), Some(Slot(0)));
        lru.on_refused(Slot(0));
        assert_eq!(lru.victim(), Some(Slot(1)));
    }

    #[test]
    fn events_on_known_slots_do_not_allocate() {
        let mut lru = Lru::new();
        (0..100).for_each(|slot| lru.on_insert(Slot(slot), ENTRY));
        let before = lru.links.capacity();
        for round in 0..1000 {
            let slot = Slot(round % 100);
            lru.on_hit(slot);
            lru.on_remove(slot, true);
            lru.on_insert(slot, ENTRY);
        }
        assert_eq!(lru.links.capacity(), before);
    }
}
