use crate::mix::{Dice, mix};

/// Entries per bucket.
const WAYS: usize = 4;
/// How many entries are moved at most to make room for one.
const MOVES_MAX: usize = 64;

/// A set of keys that answers roughly and can forget (Fan, Andersen, Kaminsky, Mitzenmacher, "Cuckoo filter:
/// practically better than Bloom", CoNEXT 2014): 16-bit fingerprints, four to a bucket, each in one of two. A key that
/// was put in is always found; one in about ten thousand others is too. Fixed memory, constant time.
#[derive(Debug)]
pub struct Cuckoo {
    /// A power of two of them; 0 is no fingerprint.
    buckets: Vec<[u16; WAYS]>,
    len: usize,
    dice: Dice,
}

impl Cuckoo {
    /// With room for `count` keys. (Beyond that, some more go in, and then no longer.)
    #[must_use]
    pub fn new(count: usize) -> Self {
        // Up to 95 % of the places could be used; at 80 % the moves end soon.
        let buckets = (count + count / 4).div_ceil(WAYS).next_power_of_two();
        Self { buckets: vec![[0; WAYS]; buckets], len: 0, dice: Dice::new(1) }
    }

    /// How many keys are in.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no key is in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether the key is in, most probably; certainly not if the answer is no.
    #[must_use]
    pub fn contains(&self, hash: u64) -> bool {
        let (mark, first) = self.place(hash);
        [first, self.other(first, mark)].iter().any(|&bucket| self.buckets[bucket].contains(&mark))
    }

    /// Puts a key in, another time if it is in already. If there is no room, nothing changes and the answer is
    /// `false`.
    pub fn insert(&mut self, hash: u64) -> bool {
        let (mark, first) = self.place(hash);
        let second = self.other(first, mark);
        if !self.put(first, mark) && !self.put(second, mark) && !self.make_way(second, mark) {
            return false;
        }
        self.len += 1;
        true
    }

    /// Takes a key out that was put in; answers whether there was one. Of a key that was not, it could take out
    /// another one that looks the same.
    pub fn remove(&mut self, hash: u64) -> bool {
        let (mark, first) = self.place(hash);
        for bucket in [first, self.other(first, mark)] {
            if let Some(way) = self.buckets[bucket].iter().position(|&other| other == mark) {
                self.buckets[bucket][way] = 0;
                self.len -= 1;
                return true;
            }
        }
        false
    }

    fn put(&mut self, bucket: usize, mark: u16) -> bool {
        let free = self.buckets[bucket].iter_mut().find(|other| **other == 0);
        free.map(|place| *place = mark).is_some()
    }

    /// Puts the mark into a full bucket; who was there moves to its other one, and so on. Undone if that does not end.
    fn make_way(&mut self, mut bucket: usize, mut mark: u16) -> bool {
        let mut moved = [(0, 0); MOVES_MAX];
        for place in &mut moved {
            let way = usize::try_from(self.dice.below(WAYS as u64)).unwrap_or(0);
            *place = (bucket, way);
            std::mem::swap(&mut self.buckets[bucket][way], &mut mark);
            bucket = self.other(bucket, mark);
            if self.put(bucket, mark) {
                return true;
            }
        }
        for &(bucket, way) in moved.iter().rev() {
            std::mem::swap(&mut self.buckets[bucket][way], &mut mark);
        }
        false
    }

    /// The key's fingerprint and one of its buckets.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the bits wanted, and masked to the number of buckets"
    )]
    fn place(&self, hash: u64) -> (u16, usize) {
        let spread = mix(hash);
        (((spread >> 48) as u16).max(1), spread as usize & (self.buckets.len() - 1))
    }

    /// The other bucket of a fingerprint, from either of them; not the same if there are two.
    #[expect(clippy::cast_possible_truncation, reason = "masked to the number of buckets")]
    fn other(&self, bucket: usize, mark: u16) -> usize {
        (bucket ^ (mix(mark.into()) as usize | 1)) & (self.buckets.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_is_found_and_little_else() {
        let mut filter = Cuckoo::new(1000);
        assert!((0..1000).all(|key| filter.insert(key)));
        assert!((0..1000).all(|key| filter.contains(key)));
        let wrong = (1000..101_000).filter(|&key| filter.contains(key)).count();
        assert!(wrong < 40, "{wrong} of 100,000");
    }

    #[test]
    fn what_was_taken_out_is_gone_and_all_else_stays() {
        let (mut filter, mut dice, mut exact) = (Cuckoo::new(400), Dice::new(9), Vec::new());
        for _ in 0..20_000 {
            let key = dice.below(500);
            if let Some(at) = exact.iter().position(|&other| other == key) {
                exact.swap_remove(at);
                assert!(filter.remove(key));
            } else if filter.insert(key) {
                exact.push(key);
            }
            assert_eq!(filter.len(), exact.len());
        }
        assert!(exact.iter().all(|&key| filter.contains(key)));
        exact.iter().for_each(|&key| assert!(filter.remove(key)));
        assert!(filter.is_empty() && (0..500).all(|key| !filter.contains(key)));
    }

    #[test]
    fn a_full_filter_refuses_and_loses_nothing() {
        let mut filter = Cuckoo::new(100);
        let inside: Vec<u64> = (0..1000).filter(|&key| filter.insert(key)).collect();
        assert!(inside.len() >= 100 && inside.len() <= filter.buckets.len() * WAYS, "{}", inside.len());
        assert!(inside.iter().all(|&key| filter.contains(key)));
    }
}
