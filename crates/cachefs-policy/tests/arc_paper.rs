//! ARC hits exactly where its paper's does (Megiddo, Modha, "ARC: a self-tuning, low overhead replacement cache", FAST
//! 2003, figure 4): told of who comes, before it is asked who goes.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod cache;
mod dice;

use std::collections::VecDeque;

use cache::Cache;
use cachefs_policy::PolicyKind;
use dice::Dice;

/// The four lists of the paper, most recently used first.
#[derive(Debug, Default)]
struct Paper {
    c: usize,
    p: usize,
    t1: VecDeque<u64>,
    t2: VecDeque<u64>,
    b1: VecDeque<u64>,
    b2: VecDeque<u64>,
}

fn take(list: &mut VecDeque<u64>, key: u64) -> bool {
    let place = list.iter().position(|&other| other == key);
    place.and_then(|place| list.remove(place)).is_some()
}

impl Paper {
    fn request(&mut self, x: u64) -> bool {
        if take(&mut self.t1, x) || take(&mut self.t2, x) {
            self.t2.push_front(x);
            return true;
        }
        let (b1, b2) = (self.b1.len(), self.b2.len());
        if self.b1.contains(&x) {
            self.p = self.c.min(self.p + if b1 >= b2 { 1 } else { b2 / b1 });
            self.replace(x);
            take(&mut self.b1, x);
            self.t2.push_front(x);
        } else if self.b2.contains(&x) {
            self.p = self.p.saturating_sub(if b2 >= b1 { 1 } else { b1 / b2 });
            self.replace(x);
            take(&mut self.b2, x);
            self.t2.push_front(x);
        } else {
            self.make_way(x);
            self.t1.push_front(x);
        }
        false
    }

    /// Case IV.
    fn make_way(&mut self, x: u64) {
        let (l1, all) = (self.t1.len() + self.b1.len(), self.total());
        if l1 == self.c {
            if self.t1.len() < self.c {
                self.b1.pop_back();
                self.replace(x);
            } else {
                self.t1.pop_back();
            }
        } else if all >= self.c {
            if all == 2 * self.c {
                self.b2.pop_back();
            }
            self.replace(x);
        }
    }

    fn replace(&mut self, x: u64) {
        let t1 = self.t1.len();
        if t1 >= 1 && ((self.b2.contains(&x) && t1 == self.p) || t1 > self.p) {
            self.b1.push_front(self.t1.pop_back().unwrap());
        } else {
            self.b2.push_front(self.t2.pop_back().unwrap());
        }
    }

    fn total(&self) -> usize {
        self.t1.len() + self.t2.len() + self.b1.len() + self.b2.len()
    }
}

#[test]
fn every_request_is_answered_as_in_the_paper() {
    for seed in 1..=100 {
        let mut dice = Dice::new(seed);
        let slots = 1 + usize::try_from(dice.below(40)).unwrap();
        let (mut cache, mut paper) =
            (Cache::new(PolicyKind::Arc, slots), Paper { c: slots, ..Paper::default() });
        let keys = 10 + dice.below(90);
        for step in 0..3000_u64 {
            // By turns at random, skewed, and in a loop.
            let key = match (step / 100) % 3 {
                0 => dice.below(keys),
                1 => dice.below(keys).min(dice.below(keys)),
                _ => step % keys,
            };
            assert_eq!(cache.access(key), paper.request(key), "seed {seed}, {slots} places, step {step}");
        }
    }
}
