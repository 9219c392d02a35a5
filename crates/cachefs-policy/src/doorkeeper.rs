use crate::mix::mix;

/// Lets in at the second touch: a Bloom filter of the keys touched lately (Bloom, "Space/time trade-offs in hash coding
/// with allowable errors", Communications of the ACM 13(7), 1970; as a doorkeeper: Einziger, Friedman, Manes,
/// "TinyLFU", ACM Transactions on Storage 13(4), 2017). Two generations, so that not all is forgotten at once: between
/// `window` and half of it. Less than one key in a hundred is let in at its first touch. Memory is fixed: 4 bytes per key
/// of the window or less. Amortised constant time: a generation is cleared once it has been filled.
#[derive(Debug)]
pub struct Doorkeeper {
    current: Vec<u64>,
    previous: Vec<u64>,
    /// Keys in the current generation, and how many it takes.
    keys: usize,
    keys_max: usize,
}

impl Doorkeeper {
    const BITS_PER_KEY: usize = 12;
    const PROBES: u64 = 5;

    /// Remembers up to `window` keys.
    #[must_use]
    pub fn new(window: usize) -> Self {
        let keys_max = window.div_ceil(2).max(1);
        let words = (keys_max * Self::BITS_PER_KEY).div_ceil(64).next_power_of_two();
        Self { current: vec![0; words], previous: vec![0; words], keys: 0, keys_max }
    }

    /// Whether the key has been touched lately. It has been from now on.
    pub fn touch(&mut self, hash: u64) -> bool {
        let known = Self::probes(hash).all(|probe| get(&self.current, probe));
        if known {
            return true;
        }
        let returns = Self::probes(hash).all(|probe| get(&self.previous, probe));
        if self.keys == self.keys_max {
            std::mem::swap(&mut self.current, &mut self.previous);
            self.current.fill(0);
            self.keys = 0;
        }
        Self::probes(hash).for_each(|probe| set(&mut self.current, probe));
        self.keys += 1;
        returns
    }

    fn probes(hash: u64) -> impl Iterator<Item = u64> {
        // Two hashes make all of them (Kirsch, Mitzenmacher, "Less hashing, same performance", 2006).
        let (first, step) = (mix(hash), mix(!hash) | 1);
        (0..Self::PROBES).map(move |probe| first.wrapping_add(step.wrapping_mul(probe)))
    }
}

fn get(words: &[u64], probe: u64) -> bool {
    words[word(words, probe)] >> (probe % 64) & 1 == 1
}

fn set(words: &mut [u64], probe: u64) {
    let word = word(words, probe);
    words[word] |= 1 << (probe % 64);
}

fn word(words: &[u64], probe: u64) -> usize {
    (probe >> 6) as usize & (words.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_touch_is_known_and_the_first_seldom() {
        let mut door = Doorkeeper::new(1000);
        let wrong = (0..500).filter(|&key| door.touch(key)).count();
        assert!(wrong < 20, "{wrong} of 500");
        assert!((0..500).all(|key| door.touch(key)));
    }

    #[test]
    fn half_the_window_is_never_forgotten_and_what_is_beyond_it_is() {
        let mut door = Doorkeeper::new(1000);
        (0..5000).for_each(|key| {
            door.touch(key);
        });
        let known = |door: &Doorkeeper, key| {
            let has = |words: &Vec<u64>| Doorkeeper::probes(key).all(|probe| get(words, probe));
            has(&door.current) || has(&door.previous)
        };
        assert!((4500..5000).all(|key| known(&door, key)));
        let kept = (0..4000).filter(|&key| known(&door, key)).count();
        assert!(kept < 120, "{kept} of 4000");
    }
}
