use cachefs_policy::Slot;

use crate::sync::{AtomicU64, AtomicUsize, OnceLock, Ordering};

/// Slots by hash: searched by anybody, changed by whoever holds the shard's lock.
///
/// Open addressing; a word has the low half of the hash and the slot. Who searches without the lock may miss what is
/// being moved at the moment, or find what is gone, so he makes sure of what he finds, and of what he does not find
/// under the lock. When the words get scarce, twice as many take their place; the old ones stay, for there may be
/// somebody searching them: together 11 to 43 bytes per entry.
#[derive(Debug)]
pub(super) struct Index {
    /// Level `n` has `FIRST << n` words.
    levels: [OnceLock<Box<[AtomicU64]>>; LEVELS],
    /// The level in use.
    level: AtomicUsize,
    /// Words in use.
    len: AtomicUsize,
}

const FIRST: usize = 64;
const LEVELS: usize = 27;
const EMPTY: u64 = 0;

impl Index {
    pub(super) fn new() -> Self {
        let levels = std::array::from_fn(|_| OnceLock::new());
        Self { levels, level: AtomicUsize::new(0), len: AtomicUsize::new(0) }
    }

    /// The first that `take` takes, of the slots that may be of this hash.
    #[inline]
    pub(super) fn find<T>(&self, hash: u64, mut take: impl FnMut(Slot) -> Option<T>) -> Option<T> {
        let words = self.words()?;
        let tag = tag(hash);
        let mut at = home(tag, words);
        for _ in 0..words.len() {
            let word = words[at].load(Ordering::Acquire);
            if word == EMPTY {
                return None;
            }
            if word >> 32 == tag
                && let Some(taken) = take(slot(word))
            {
                return Some(taken);
            }
            at = (at + 1) & (words.len() - 1);
        }
        None
    }

    /// Adds a slot. Only with the lock.
    pub(super) fn insert(&self, hash: u64, slot: Slot) {
        let level = self.level.load(Ordering::Relaxed);
        let len = self.len.load(Ordering::Relaxed) + 1;
        let mut words = self.make(level);
        if len * 4 > words.len() * 3 {
            words = self.grow(level, words);
        }
        put(words, tag(hash) << 32 | (u64::from(slot.0) + 1));
        self.len.store(len, Ordering::Relaxed);
    }

    /// Takes a slot out. Only with the lock.
    pub(super) fn remove(&self, hash: u64, gone: Slot) {
        let Some(words) = self.words() else { return };
        let (wanted, next) = (tag(hash) << 32 | (u64::from(gone.0) + 1), |at| (at + 1) & (words.len() - 1));
        let mut hole = home(tag(hash), words);
        while words[hole].load(Ordering::Relaxed) != wanted {
            if words[hole].load(Ordering::Relaxed) == EMPTY {
                return;
            }
            hole = next(hole);
        }
        // What comes behind moves up, where that is not before its home.
        let mut at = next(hole);
        loop {
            let word = words[at].load(Ordering::Relaxed);
            if word == EMPTY {
                break;
            }
            let way = |from: usize| at.wrapping_sub(from) & (words.len() - 1);
            if way(home(word >> 32, words)) >= way(hole) {
                words[hole].store(word, Ordering::Release);
                hole = at;
            }
            at = next(at);
        }
        words[hole].store(EMPTY, Ordering::Release);
        self.len.fetch_sub(1, Ordering::Relaxed);
    }

    fn words(&self) -> Option<&[AtomicU64]> {
        self.levels[self.level.load(Ordering::Acquire)].get().map(|words| &**words)
    }

    fn make(&self, level: usize) -> &[AtomicU64] {
        self.levels[level].get_or_init(|| (0..FIRST << level).map(|_| AtomicU64::new(EMPTY)).collect())
    }

    fn grow(&self, level: usize, old: &[AtomicU64]) -> &[AtomicU64] {
        let words = self.make(level + 1);
        let used = old.iter().map(|word| word.load(Ordering::Relaxed)).filter(|&word| word != EMPTY);
        used.for_each(|word| put(words, word));
        self.level.store(level + 1, Ordering::Release);
        words
    }
}

fn put(words: &[AtomicU64], word: u64) {
    let mut at = home(word >> 32, words);
    while words[at].load(Ordering::Relaxed) != EMPTY {
        at = (at + 1) & (words.len() - 1);
    }
    words[at].store(word, Ordering::Release);
}

/// The half of the hash that no shard is chosen by.
const fn tag(hash: u64) -> u64 {
    hash & 0xFFFF_FFFF
}

#[inline]
fn home(tag: u64, words: &[AtomicU64]) -> usize {
    usize::try_from(tag).unwrap_or(0) & (words.len() - 1)
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half is what is asked for")]
const fn slot(word: u64) -> Slot {
    Slot((word as u32).wrapping_sub(1))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn agrees_with_a_plain_map_while_it_grows_and_shrinks() {
        let (index, mut model) = (Index::new(), HashMap::new());
        let mut dice = 0x2545_F491_4F6C_DD1D_u64;
        for round in 0..60_000_u32 {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            // Hashes that meet, at the end of the words, too; long growing and shrinking in turn.
            let hash = (dice % 300) * 0x0101_0101 + u64::from(u32::MAX - 900);
            let slot = Slot(u32::try_from(dice % 300).expect("small"));
            let grows = (round / 5000) % 2 == 0;
            if model.contains_key(&hash) && !(grows && dice >> 62 != 0) {
                index.remove(hash, slot);
                model.remove(&hash);
            } else if !model.contains_key(&hash) && (grows || dice >> 62 == 0) {
                index.insert(hash, slot);
                model.insert(hash, slot);
            }
            assert_eq!(index.find(hash, |found| (found == slot).then_some(found)), model.get(&hash).copied());
            assert_eq!(index.len.load(Ordering::Relaxed), model.len());
        }
        for (hash, slot) in &model {
            assert!(index.find(*hash, |found| (found == *slot).then_some(())).is_some());
        }
    }
}
