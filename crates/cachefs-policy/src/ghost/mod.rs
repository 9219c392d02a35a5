//! Memory of what was evicted: hashes of keys and weights, no contents.

use crate::Slot;
use crate::links::{Links, List};

const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Node {
    hash: u64,
    weight: u32,
    /// Whatever the policy wants to know again.
    note: u32,
    /// The next one whose hash falls into the same bucket, or the next free one.
    chain: u32,
}

/// What is remembered of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// What the entry weighed.
    pub weight: u32,
    /// What the policy noted.
    pub note: u32,
}

/// An exact queue of evicted keys, the oldest forgotten first: bounded by weight and by number, each operation in
/// constant (expected) time, memory fixed but for [`Ghost::reserve`]. 36 to 40 bytes per key.
///
/// Keys are told apart by their 64-bit hashes only.
#[derive(Debug)]
pub struct Ghost {
    nodes: Vec<Node>,
    links: Links,
    /// Newest first.
    order: List,
    /// A power of two of chains, at least as many as nodes.
    buckets: Vec<u32>,
    free: u32,
    len: usize,
    weight: u64,
    weight_max: u64,
}

impl Ghost {
    /// Remembers nothing; at most `weight_max` in sum later, and no keys at all before [`Self::reserve`].
    #[must_use]
    pub fn new(weight_max: u64) -> Self {
        Self {
            nodes: Vec::new(),
            links: Links::default(),
            order: List::default(),
            buckets: Vec::new(),
            free: NONE,
            len: 0,
            weight: 0,
            weight_max,
        }
    }

    /// Makes room for `count` keys if there was less; the only operation that allocates.
    pub fn reserve(&mut self, count: usize) {
        while self.nodes.len() < count {
            let place =
                u32::try_from(self.nodes.len()).unwrap_or_else(|_| unreachable!("memory ends before u32"));
            self.nodes.push(Node { hash: 0, weight: 0, note: 0, chain: self.free });
            self.links.grow_to(Slot(place));
            self.free = place;
        }
        if self.buckets.len() < self.nodes.len() {
            self.buckets = vec![NONE; self.nodes.len().next_power_of_two()];
            let mut next = self.order.back();
            while let Some(Slot(place)) = next {
                self.chain(place);
                next = self.links.before(Slot(place));
            }
        }
    }

    /// Sum of the weights remembered.
    #[must_use]
    pub fn weight(&self) -> u64 {
        self.weight
    }

    /// Number of keys remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Forgets, oldest first, until at most `weight_max` is left, and keeps to that.
    pub fn set_weight_max(&mut self, weight_max: u64) {
        self.weight_max = weight_max;
        while self.weight > weight_max {
            self.forget_oldest();
        }
    }

    /// Remembers a key as the newest. The oldest go as needed; what is too heavy alone is not remembered.
    pub fn insert(&mut self, hash: u64, weight: u32, note: u32) {
        self.take(hash);
        if u64::from(weight) > self.weight_max || self.nodes.is_empty() {
            return;
        }
        while !self.has_room(weight) {
            self.forget_oldest();
        }
        self.place(hash, weight, note);
    }

    /// Forgets the key. Answers what was remembered.
    pub fn take(&mut self, hash: u64) -> Option<Remembered> {
        let place = self.find(hash)?;
        Some(self.release(place))
    }

    /// What was noted of the key.
    pub(crate) fn note(&mut self, hash: u64) -> Option<&mut u32> {
        self.find(hash).map(|place| &mut self.nodes[place as usize].note)
    }

    /// Whether the key is remembered.
    #[must_use]
    pub fn contains(&self, hash: u64) -> bool {
        self.find(hash).is_some()
    }

    /// Forgets the key that was evicted first.
    pub fn forget_oldest(&mut self) -> Option<Remembered> {
        self.oldest().map(|place| self.release(place))
    }

    /// Where the key is that was evicted first.
    pub(crate) fn oldest(&self) -> Option<u32> {
        self.order.back().map(|Slot(place)| place)
    }

    /// Whether a key of this weight goes in without another one's leaving.
    pub(crate) fn has_room(&self, weight: u32) -> bool {
        self.free != NONE && self.weight + u64::from(weight) <= self.weight_max
    }

    /// Remembers a key that is not remembered, in the room there is. Answers its place.
    pub(crate) fn place(&mut self, hash: u64, weight: u32, note: u32) -> u32 {
        debug_assert!(self.has_room(weight), "room is made before");
        let place = self.free;
        self.free = self.nodes[place as usize].chain;
        self.nodes[place as usize] = Node { hash, weight, note, chain: NONE };
        self.chain(place);
        self.order.push_front(&mut self.links, Slot(place));
        self.weight += u64::from(weight);
        self.len += 1;
        place
    }

    /// Forgets the key at a place in use.
    pub(crate) fn release(&mut self, place: u32) -> Remembered {
        let Node { hash, weight, note, chain } = self.nodes[place as usize];
        let bucket = self.bucket(hash);
        if self.buckets[bucket] == place {
            self.buckets[bucket] = chain;
        } else {
            let mut at = self.buckets[bucket] as usize;
            while self.nodes[at].chain != place {
                at = self.nodes[at].chain as usize;
            }
            self.nodes[at].chain = chain;
        }
        self.order.unlink(&mut self.links, Slot(place));
        self.nodes[place as usize].chain = self.free;
        self.free = place;
        self.weight -= u64::from(weight);
        self.len -= 1;
        Remembered { weight, note }
    }

    /// Where the key is.
    pub(crate) fn find(&self, hash: u64) -> Option<u32> {
        let mut at = *self.buckets.get(self.bucket(hash))?;
        while at != NONE && self.nodes[at as usize].hash != hash {
            at = self.nodes[at as usize].chain;
        }
        (at != NONE).then_some(at)
    }

    fn chain(&mut self, place: u32) {
        let bucket = self.bucket(self.nodes[place as usize].hash);
        self.nodes[place as usize].chain = self.buckets[bucket];
        self.buckets[bucket] = place;
    }

    #[expect(clippy::cast_possible_truncation, reason = "masked to the number of buckets")]
    fn bucket(&self, hash: u64) -> usize {
        (crate::mix::mix(hash) as usize) & self.buckets.len().wrapping_sub(1)
    }
}

#[cfg(test)]
mod tests;
