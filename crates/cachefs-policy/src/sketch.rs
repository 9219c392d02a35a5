//! How often keys were seen lately, roughly, in little memory.

use crate::mix::mix;

/// A count-min sketch of 4-bit counters with ageing: all are halved after ten times as many events as it is sized for
/// (Cormode, Muthukrishnan, "An improved data stream summary: the count-min sketch and its applications", Journal of
/// Algorithms 55(1), 2005; with the ageing of TinyLFU: Einziger, Friedman, Manes, ACM Transactions on Storage 13(4),
/// 2017). Counts to 15; never too low but for ageing. Eight to 16 bytes per entry. Amortised constant time: the
/// halving costs a word per ten events.
#[derive(Debug)]
pub struct Sketch {
    /// A power of two of words with 16 counters each, four for each row.
    words: Vec<u64>,
    /// Events since the last halving, which leaves half of them.
    events: usize,
}

impl Default for Sketch {
    fn default() -> Self {
        Self { words: vec![0; Self::WORDS_MIN], events: 0 }
    }
}

impl Sketch {
    /// The highest count.
    pub const COUNT_MAX: u8 = 15;
    const WORDS_MIN: usize = 16;
    const ROWS: u64 = 4;
    const EVENTS_PER_WORD: usize = 10;

    /// For a cache of few entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes it good for a cache of `entries`; all counts stay. The only operation that allocates.
    pub fn reserve(&mut self, entries: usize) {
        while self.words.len() < entries {
            // The halves differ by the new highest bit of the index: each key finds its counters in both.
            self.words.extend_from_within(..);
        }
    }

    /// Counts a use of the key.
    pub fn add(&mut self, hash: u64) {
        for row in 0..Self::ROWS {
            let (word, shift) = self.counter(hash, row);
            if (self.words[word] >> shift) & 0xF < u64::from(Self::COUNT_MAX) {
                self.words[word] += 1 << shift;
            }
        }
        self.events += 1;
        if self.events >= self.words.len() * Self::EVENTS_PER_WORD {
            self.age();
        }
    }

    /// How often the key was used lately, 15 at most.
    #[must_use]
    pub fn count(&self, hash: u64) -> u8 {
        let counts = (0..Self::ROWS).map(|row| {
            let (word, shift) = self.counter(hash, row);
            ((self.words[word] >> shift) & 0xF).to_le_bytes()[0]
        });
        counts.min().unwrap_or(0)
    }

    fn age(&mut self) {
        for word in &mut self.words {
            *word = (*word >> 1) & 0x7777_7777_7777_7777;
        }
        self.events /= 2;
    }

    /// The word, and how far its counter is to be shifted.
    #[expect(clippy::cast_possible_truncation, reason = "masked to the number of words")]
    fn counter(&self, hash: u64, row: u64) -> (usize, u64) {
        let spread = mix(hash.wrapping_add((row + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)));
        let word = spread as usize & (self.words.len() - 1);
        (word, (row * 4 + (spread >> 62)) * 4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mix::Dice;

    #[test]
    fn counts_are_never_too_low_and_seldom_too_high() {
        let (mut sketch, mut dice, mut exact) = (Sketch::new(), Dice::new(3), [0_u8; 1000]);
        sketch.reserve(1024);
        for _ in 0..5000 {
            let key = dice.below(1000).min(dice.below(1000));
            sketch.add(key);
            let count = &mut exact[usize::try_from(key).unwrap()];
            *count = (*count + 1).min(Sketch::COUNT_MAX);
        }
        let counts: Vec<u8> = (0..1000).map(|key| sketch.count(key)).collect();
        assert!(counts.iter().zip(&exact).all(|(count, exact)| count >= exact));
        let wrong = counts.iter().zip(&exact).filter(|(count, exact)| count > exact).count();
        assert!(wrong < 50, "{wrong} of 1000 are too high");
    }

    #[test]
    fn ageing_halves() {
        let mut sketch = Sketch::new();
        (0..12).for_each(|_| sketch.add(1));
        assert_eq!(sketch.count(1), 12);
        let events = Sketch::WORDS_MIN * Sketch::EVENTS_PER_WORD;
        (12..events).for_each(|_| sketch.add(2));
        assert_eq!((sketch.count(1), sketch.count(2)), (6, 7));
    }

    #[test]
    fn counts_survive_growth() {
        let mut sketch = Sketch::new();
        (0..10).for_each(|key| (0..=key).for_each(|_| sketch.add(key)));
        let before: Vec<u8> = (0..100).map(|key| sketch.count(key)).collect();
        sketch.reserve(1000);
        assert_eq!((0..100).map(|key| sketch.count(key)).collect::<Vec<_>>(), before);
    }
}
