use crate::mix::mix;

const NONE: u16 = u16::MAX;
/// Places of the table: twice the keys.
const PLACES: usize = 2 * Keys::MAX;

/// The sampled keys, numbered from 0: what each weighs, by its hash. Keys go only all at once.
#[derive(Debug)]
pub(super) struct Keys {
    hashes: Vec<u64>,
    weights: Vec<u32>,
    places: Box<[u16]>,
}

impl Keys {
    /// A shrunken sample has three quarters of it, and these are more than [`crate::Sample::KEYS_MIN`].
    pub(super) const MAX: usize = 4096;

    pub(super) fn new() -> Self {
        let (hashes, weights) = (Vec::with_capacity(Self::MAX), Vec::with_capacity(Self::MAX));
        Self { hashes, weights, places: vec![NONE; PLACES].into_boxed_slice() }
    }

    pub(super) fn len(&self) -> usize {
        self.hashes.len()
    }

    pub(super) fn find(&self, hash: u64) -> Option<u16> {
        let number = self.places[self.place(hash)];
        (number != NONE).then_some(number)
    }

    /// The number of the key; `None` if it is not known and there is no room for it.
    pub(super) fn get_or_add(&mut self, hash: u64) -> Option<u16> {
        let place = self.place(hash);
        if self.places[place] != NONE {
            return Some(self.places[place]);
        }
        let number = u16::try_from(self.len()).ok().filter(|number| usize::from(*number) < Self::MAX)?;
        self.places[place] = number;
        self.hashes.push(hash);
        self.weights.push(0);
        Some(number)
    }

    pub(super) fn hash(&self, key: u16) -> u64 {
        self.hashes[usize::from(key)]
    }

    /// 0 as long as it is not known.
    pub(super) fn weight(&self, key: u16) -> u32 {
        self.weights[usize::from(key)]
    }

    pub(super) fn set_weight(&mut self, key: u16, weight: u32) {
        self.weights[usize::from(key)] = weight;
    }

    /// Lets those go that are not to be kept. Answers the new numbers by the old ones.
    pub(super) fn retain(&mut self, keep: impl Fn(u16, u64) -> bool) -> Vec<Option<u16>> {
        let (hashes, weights) = (std::mem::take(&mut self.hashes), std::mem::take(&mut self.weights));
        *self = Self::new();
        let renumber = |(old, (hash, weight)): (u16, (u64, u32))| {
            let new = keep(old, hash).then(|| self.get_or_add(hash)).flatten()?;
            self.set_weight(new, weight);
            Some(new)
        };
        (0..).zip(hashes.into_iter().zip(weights)).map(renumber).collect()
    }

    /// Where the key is, or would be.
    fn place(&self, hash: u64) -> usize {
        let low = usize::try_from(mix(hash) % PLACES as u64).unwrap_or(0);
        let mut place = low;
        while self.places[place] != NONE && self.hash(self.places[place]) != hash {
            place = (place + 1) % PLACES;
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_their_weights_when_others_go() {
        let mut keys = Keys::new();
        for hash in 0..Keys::MAX as u64 {
            let key = keys.get_or_add(hash).unwrap();
            keys.set_weight(key, u32::try_from(hash).unwrap() + 1);
        }
        assert_eq!(keys.get_or_add(u64::MAX), None, "full");
        assert_eq!(keys.get_or_add(7), Some(7));
        let renumbered = keys.retain(|_, hash| hash % 3 == 0);
        assert_eq!((renumbered[3], renumbered[4], renumbered[6]), (Some(1), None, Some(2)));
        for hash in 0..Keys::MAX as u64 {
            let weight = keys.find(hash).map(|key| keys.weight(key));
            assert_eq!(weight, (hash % 3 == 0).then(|| u32::try_from(hash).unwrap() + 1));
        }
    }
}
