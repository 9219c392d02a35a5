use super::*;
use crate::mix::Dice;

/// Oldest first.
struct Model {
    keys: Vec<(u64, u32, u32)>,
    count_max: usize,
    weight_max: u64,
}

impl Model {
    fn weight(&self) -> u64 {
        self.keys.iter().map(|key| u64::from(key.1)).sum()
    }

    fn take(&mut self, hash: u64) -> Option<(u32, u32)> {
        let at = self.keys.iter().position(|key| key.0 == hash)?;
        let (_, weight, note) = self.keys.remove(at);
        Some((weight, note))
    }

    fn insert(&mut self, hash: u64, weight: u32, note: u32) {
        self.take(hash);
        if u64::from(weight) > self.weight_max {
            return;
        }
        self.keys.push((hash, weight, note));
        while self.keys.len() > self.count_max || self.weight() > self.weight_max {
            self.keys.remove(0);
        }
    }
}

fn step(ghost: &mut Ghost, model: &mut Model, dice: &mut Dice) {
    let hash = dice.below(60);
    match dice.below(20) {
        0..=9 => {
            let (weight, note) = (1 + dice.small(5), dice.small(100));
            ghost.insert(hash, weight, note);
            model.insert(hash, weight, note);
        }
        10..=15 => {
            let found = ghost.take(hash).map(|found| (found.weight, found.note));
            assert_eq!(found, model.take(hash));
        }
        16 => {
            model.weight_max = dice.below(80);
            ghost.set_weight_max(model.weight_max);
            while model.weight() > model.weight_max {
                model.keys.remove(0);
            }
        }
        17 => {
            model.count_max = model.count_max.max(usize::try_from(dice.below(40)).unwrap());
            ghost.reserve(model.count_max);
        }
        _ => assert_eq!(ghost.contains(hash), model.keys.iter().any(|key| key.0 == hash)),
    }
}

#[test]
fn agrees_with_the_model_after_every_step() {
    for seed in 1..=100 {
        let mut dice = Dice::new(seed);
        let (mut ghost, mut model) =
            (Ghost::new(30), Model { keys: Vec::new(), count_max: 3, weight_max: 30 });
        ghost.reserve(3);
        for number in 0..600 {
            step(&mut ghost, &mut model, &mut dice);
            assert_eq!(ghost.weight(), model.weight(), "seed {seed}, step {number}");
            assert_eq!(ghost.len(), model.keys.len(), "seed {seed}, step {number}");
        }
        for &(_, weight, note) in &model.keys {
            let oldest = ghost.forget_oldest().map(|found| (found.weight, found.note));
            assert_eq!(oldest, Some((weight, note)), "seed {seed}");
        }
        assert!(ghost.is_empty());
    }
}

#[test]
fn without_room_for_keys_nothing_is_remembered() {
    let mut ghost = Ghost::new(10);
    ghost.insert(1, 1, 0);
    assert!(!ghost.contains(1));
}
