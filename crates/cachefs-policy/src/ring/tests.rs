use super::*;
use crate::mix::Dice;

/// Priority as cut when it came in, order of arrival, slot.
#[derive(Default)]
struct Model {
    entries: Vec<(u64, u64, Slot)>,
    arrivals: u64,
    floor: u64,
}

impl Model {
    fn put(&mut self, slot: Slot, priority: u64) {
        self.entries.retain(|entry| entry.2 != slot);
        self.arrivals += 1;
        let priority = priority.clamp(self.floor, self.floor + Ring::SPAN);
        self.entries.push((priority, self.arrivals, slot));
    }

    fn lowest(&self) -> Option<Slot> {
        self.entries.iter().min().map(|entry| entry.2)
    }
}

fn step(ring: &mut Ring, model: &mut Model, dice: &mut Dice) {
    let slot = Slot(dice.small(60));
    let priority = (model.floor + dice.below(400)).saturating_sub(20);
    let known = model.entries.iter().any(|entry| entry.2 == slot);
    match (dice.below(10), known) {
        (0..=5, false) => {
            ring.insert(slot, priority);
            model.put(slot, priority);
        }
        (0..=3, true) => {
            ring.move_to(slot, priority);
            model.put(slot, priority);
        }
        (4 | 5, true) => {
            ring.remove(slot);
            model.entries.retain(|entry| entry.2 != slot);
        }
        // Mostly by little; at times past all that is in.
        (6..=8, _) => {
            model.floor += if dice.below(50) == 0 { 300 } else { dice.below(4) };
            ring.raise_floor(model.floor);
        }
        _ => {}
    }
}

#[test]
fn the_lowest_is_the_models_while_the_floor_rises() {
    for seed in 1..=100 {
        let (mut ring, mut model, mut dice) = (Ring::default(), Model::default(), Dice::new(seed));
        for number in 0..1500 {
            step(&mut ring, &mut model, &mut dice);
            assert_eq!(ring.lowest(), model.lowest(), "seed {seed}, step {number}");
            assert_eq!(ring.len(), model.entries.len(), "seed {seed}, step {number}");
        }
        while let Some(slot) = model.lowest() {
            assert_eq!(ring.lowest(), Some(slot), "seed {seed}");
            ring.remove(slot);
            model.entries.retain(|entry| entry.2 != slot);
        }
        assert_eq!(ring.lowest(), None);
    }
}
