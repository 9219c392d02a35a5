use crate::cuckoo::Cuckoo;

/// A set of the latest keys that were touched for the first time, as many as it is made for: a cuckoo filter, and the
/// order in which to delete from it. 11 to 13 bytes per key.
#[derive(Debug)]
pub struct CuckooWindow {
    filter: Cuckoo,
    /// The keys in the filter, in a ring once it is full.
    order: Vec<u64>,
    next: usize,
    window: usize,
}

impl CuckooWindow {
    /// Of so many keys.
    #[must_use]
    pub fn new(window: usize) -> Self {
        let window = window.max(1);
        Self { filter: Cuckoo::new(window), order: Vec::with_capacity(window), next: 0, window }
    }

    /// Whether the key is in the window. If not, it is from now on, and the oldest one leaves.
    pub fn touch(&mut self, hash: u64) -> bool {
        if self.filter.contains(hash) {
            return true;
        }
        let oldest = self.order.get(self.next).copied().filter(|_| self.order.len() == self.window);
        if let Some(oldest) = oldest {
            self.filter.remove(oldest);
        }
        if !self.filter.insert(hash) {
            // No way in, which is very rare: all stays as it was. The place just left is still free.
            oldest.map(|oldest| self.filter.insert(oldest));
            return false;
        }
        if oldest.is_some() {
            self.order[self.next] = hash;
            self.next = (self.next + 1) % self.window;
        } else {
            self.order.push(hash);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::mix::Dice;

    #[test]
    fn it_holds_exactly_the_latest_first_touches() {
        for seed in 1..=20 {
            let (mut window, mut dice) = (CuckooWindow::new(200), Dice::new(seed));
            let mut model = VecDeque::new();
            for step in 0..5000 {
                let key = dice.below(500);
                let known = model.contains(&key);
                assert_eq!(window.touch(key), known, "seed {seed}, step {step}");
                if !known {
                    model.push_back(key);
                }
                if model.len() > 200 {
                    model.pop_front();
                }
            }
        }
    }
}
