//! The parts a policy cuts its entries into: a few queues over the same slots, each with the sum of its weights.

use crate::Slot;
use crate::links::{Links, List};

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    weight: u32,
    segment: u8,
}

/// `N` queues, new entries at the front. Every known slot is in exactly one of them.
#[derive(Debug)]
pub(crate) struct Segments<const N: usize> {
    links: Links,
    entries: Vec<Entry>,
    lists: [List; N],
    weights: [u64; N],
}

impl<const N: usize> Default for Segments<N> {
    fn default() -> Self {
        Self { links: Links::default(), entries: Vec::new(), lists: [List::default(); N], weights: [0; N] }
    }
}

impl<const N: usize> Segments<N> {
    /// Makes the tables reach to `slot`.
    pub(crate) fn grow_to(&mut self, slot: Slot) {
        self.links.grow_to(slot);
        if self.entries.len() <= slot.index() {
            self.entries.resize(slot.index() + 1, Entry::default());
        }
    }

    /// Puts a slot that was not known to the front of a segment.
    pub(crate) fn insert(&mut self, segment: u8, slot: Slot, weight: u32) {
        self.grow_to(slot);
        self.entries[slot.index()] = Entry { weight, segment };
        self.push(segment, slot);
    }

    /// Takes the slot out. Answers the segment it was in and its weight.
    pub(crate) fn remove(&mut self, slot: Slot) -> (u8, u32) {
        let Entry { weight, segment } = self.entries[slot.index()];
        self.lists[usize::from(segment)].unlink(&mut self.links, slot);
        self.weights[usize::from(segment)] -= u64::from(weight);
        (segment, weight)
    }

    /// Moves the slot to the front of a segment, its own or another one.
    pub(crate) fn move_to(&mut self, segment: u8, slot: Slot) {
        let own = self.segment(slot);
        if own == segment {
            self.lists[usize::from(own)].move_to_front(&mut self.links, slot);
        } else {
            self.remove(slot);
            self.entries[slot.index()].segment = segment;
            self.push(segment, slot);
        }
    }

    /// Puts a refused victim to the front of its own segment; if it is alone there, of `other`, so that the next
    /// victim is another one.
    pub(crate) fn refuse(&mut self, slot: Slot, other: u8) {
        let own = self.segment(slot);
        self.move_to(if self.is_alone(slot) { other } else { own }, slot);
    }

    pub(crate) fn is_alone(&self, slot: Slot) -> bool {
        let list = &self.lists[usize::from(self.segment(slot))];
        list.front() == Some(slot) && list.back() == Some(slot)
    }

    pub(crate) fn segment(&self, slot: Slot) -> u8 {
        self.entries[slot.index()].segment
    }

    pub(crate) fn weight(&self, segment: u8) -> u64 {
        self.weights[usize::from(segment)]
    }

    pub(crate) fn is_empty(&self, segment: u8) -> bool {
        self.lists[usize::from(segment)].is_empty()
    }

    pub(crate) fn back(&self, segment: u8) -> Option<Slot> {
        self.lists[usize::from(segment)].back()
    }

    /// The neighbour on the side of the front.
    pub(crate) fn before(&self, slot: Slot) -> Option<Slot> {
        self.links.before(slot)
    }

    fn push(&mut self, segment: u8, slot: Slot) {
        self.lists[usize::from(segment)].push_front(&mut self.links, slot);
        self.weights[usize::from(segment)] += u64::from(self.entries[slot.index()].weight);
    }
}
