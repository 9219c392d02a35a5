//! Memory of what was evicted: hashes of keys and weights, no contents.

mod index;

use self::index::Index;
use crate::Slot;
use crate::links::{Link, Linked, List};

#[derive(Clone, Copy, Debug)]
struct Node {
    hash: u64,
    weight: u32,
    /// Whatever the policy wants to know again.
    note: u32,
    link: Link,
}

#[derive(Debug, Default)]
struct Nodes(Vec<Node>);

impl Linked for Nodes {
    fn link(&self, slot: Slot) -> &Link {
        &self.0[slot.index()].link
    }

    fn link_mut(&mut self, slot: Slot) -> &mut Link {
        &mut self.0[slot.index()].link
    }
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
/// constant (expected) time, memory fixed but for [`Ghost::reserve`]. 48 to 64 bytes per key.
///
/// Keys are told apart by their 64-bit hashes only.
#[derive(Debug)]
pub struct Ghost {
    nodes: Nodes,
    index: Index,
    /// Newest first.
    order: List,
    /// Nodes that nothing is in, the latest first.
    free: List,
    len: usize,
    weight: u64,
    weight_max: u64,
}

impl Ghost {
    /// Remembers nothing; at most `weight_max` in sum later, and no keys at all before [`Self::reserve`].
    #[must_use]
    pub fn new(weight_max: u64) -> Self {
        Self {
            nodes: Nodes::default(),
            index: Index::default(),
            order: List::default(),
            free: List::default(),
            len: 0,
            weight: 0,
            weight_max,
        }
    }

    /// Makes room for `count` keys if there was less; the only operation that allocates.
    pub fn reserve(&mut self, count: usize) {
        while self.nodes.0.len() < count {
            let place =
                u32::try_from(self.nodes.0.len()).unwrap_or_else(|_| unreachable!("memory ends before u32"));
            self.nodes.0.push(Node { hash: 0, weight: 0, note: 0, link: Link::default() });
            self.free.push_front(&mut self.nodes, Slot(place));
        }
        if self.index.reserve(count) {
            let mut next = self.order.back();
            while let Some(place) = next {
                self.index.insert(self.nodes.0[place.index()].hash, place.0);
                next = self.nodes.before(place);
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
        if u64::from(weight) > self.weight_max || self.nodes.0.is_empty() {
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
        self.find(hash).map(|place| &mut self.nodes.0[place as usize].note)
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
        !self.free.is_empty() && self.weight + u64::from(weight) <= self.weight_max
    }

    /// Remembers a key that is not remembered, in the room there is. Answers its place.
    pub(crate) fn place(&mut self, hash: u64, weight: u32, note: u32) -> u32 {
        debug_assert!(self.has_room(weight), "room is made before");
        let Some(place) = self.free.front() else { unreachable!("room is made before") };
        self.free.unlink(&mut self.nodes, place);
        self.nodes.0[place.index()] = Node { hash, weight, note, link: Link::default() };
        self.index.insert(hash, place.0);
        self.order.push_front(&mut self.nodes, place);
        self.weight += u64::from(weight);
        self.len += 1;
        place.0
    }

    /// Forgets the key at a place in use.
    pub(crate) fn release(&mut self, place: u32) -> Remembered {
        let Node { hash, weight, note, .. } = self.nodes.0[place as usize];
        self.index.remove(hash, place);
        self.order.unlink(&mut self.nodes, Slot(place));
        self.free.push_front(&mut self.nodes, Slot(place));
        self.weight -= u64::from(weight);
        self.len -= 1;
        Remembered { weight, note }
    }

    /// Where the key is.
    pub(crate) fn find(&self, hash: u64) -> Option<u32> {
        self.index.find(hash, |place| self.nodes.0[place as usize].hash == hash)
    }
}

#[cfg(test)]
mod tests;
