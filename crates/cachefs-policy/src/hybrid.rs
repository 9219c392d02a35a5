use crate::mix::Dice;
use crate::table::Table;
use crate::{Admission, EvictionPolicy, Slot};

/// The entry that is worth least goes first, of a sample of 16, by recency, frequency and age together (the sampling
/// of Psounis, Prabhakar, "Efficient randomized web-cache replacement schemes using samples from past eviction times",
/// IEEE/ACM Transactions on Networking 10(4), 2002, without its memory between samples). To score all entries would
/// take time in proportion to them. Up to 16 entries the choice is exact; beyond that the victim is among the worst
/// eighth with probability 88 %. Time is counted in events; weights do not matter.
///
/// The score is `(hits + 1) / (age * idle)`: how often the entry was used since it came in, by how long it has not
/// been.
///
/// Good at: mixed loads, with nothing to keep in order on a hit. Bad at: loops, and newcomers under a long scan.
#[derive(Debug)]
pub struct Hybrid {
    known: Table<Known>,
    /// Slots that are known, in no order.
    resident: Vec<Slot>,
    dice: Dice,
    now: u64,
    /// Named, until something happens.
    named: Option<Slot>,
    refused: Option<Slot>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    /// Where in `resident`.
    place: usize,
    hits: u64,
    inserted: u64,
    used: u64,
}

impl Default for Hybrid {
    fn default() -> Self {
        Self {
            known: Table::default(),
            resident: Vec::new(),
            dice: Dice::new(0),
            now: 0,
            named: None,
            refused: None,
        }
    }
}

impl Hybrid {
    /// How many entries a victim is chosen from.
    pub const SAMPLE: usize = 16;

    /// Without entries; the sampling is the same in every run.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether `left` is worth less than `right`; among equals, whose slot is lower.
    fn is_worse(&self, left: Slot, right: Slot) -> bool {
        let fraction = |slot: Slot| {
            let Known { hits, inserted, used, .. } = self.known[slot];
            let (age, idle) = (self.now - inserted + 1, self.now - used + 1);
            (u128::from(hits + 1), u128::from(age).saturating_mul(u128::from(idle)))
        };
        let ((up, down), (other_up, other_down)) = (fraction(left), fraction(right));
        let (worth, other) = (up.saturating_mul(other_down), other_up.saturating_mul(down));
        (worth, left) < (other, right)
    }

    fn choose(&mut self) -> Option<Slot> {
        let count = self.resident.len();
        let mut worst = None;
        for at in 0..count.min(Self::SAMPLE) {
            let at = if count <= Self::SAMPLE { at } else { self.at_random() };
            let slot = self.resident[at];
            if self.refused != Some(slot) && worst.is_none_or(|worst| self.is_worse(slot, worst)) {
                worst = Some(slot);
            }
        }
        // The sample may have been the refused one again and again; or there is nobody else.
        let other = || self.resident.iter().take(2).copied().find(|&slot| self.refused != Some(slot));
        worst.or_else(other).or(self.refused)
    }

    fn at_random(&mut self) -> usize {
        let count = u64::try_from(self.resident.len()).unwrap_or(u64::MAX);
        usize::try_from(self.dice.below(count)).unwrap_or(0)
    }

    fn event(&mut self) {
        self.now += 1;
        self.named = None;
        self.refused = None;
    }
}

impl EvictionPolicy for Hybrid {
    fn on_insert(&mut self, slot: Slot, _entry: Admission) {
        self.event();
        let place = self.resident.len();
        self.known.set(slot, Known { place, hits: 0, inserted: self.now, used: self.now });
        self.resident.reserve(self.known.len() - place);
        self.resident.push(slot);
    }

    fn on_hit(&mut self, slot: Slot) {
        self.event();
        let known = &mut self.known[slot];
        known.hits += 1;
        known.used = self.now;
    }

    fn on_remove(&mut self, slot: Slot, _evicted: bool) {
        self.event();
        let place = self.known[slot].place;
        self.resident.swap_remove(place);
        if let Some(&moved) = self.resident.get(place) {
            self.known[moved].place = place;
        }
    }

    fn victim(&mut self) -> Option<Slot> {
        if self.named.is_none() {
            self.named = self.choose();
        }
        self.named
    }

    fn on_refused(&mut self, slot: Slot) {
        // Being read is a use.
        self.on_hit(slot);
        self.refused = Some(slot);
    }

    fn on_resize(&mut self, _capacity: u64) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_entries_a_bad_one_goes() {
        let (mut policy, mut dice) = (Hybrid::new(), Dice::new(5));
        (0..1000).for_each(|slot| policy.on_insert(Slot(slot), Admission::new(0, 1)));
        let mut among_worst = 0;
        for _ in 0..1000 {
            policy.on_hit(Slot(dice.small(1000)));
            let victim = policy.victim().unwrap();
            let worse = (0..1000).filter(|&slot| policy.is_worse(Slot(slot), victim)).count();
            among_worst += u32::from(worse < 125);
        }
        assert!((820..940).contains(&among_worst), "{among_worst} of 1000 victims are of the worst eighth");
    }
}
