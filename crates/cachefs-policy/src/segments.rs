//! The parts a policy cuts its entries into: a few queues over the same slots, each with the sum of its weights.

use crate::Slot;
use crate::links::{Link, Linked, List};

#[derive(Clone, Copy, Debug, Default)]
struct Entry<T> {
    link: Link,
    weight: u32,
    segment: u8,
    /// What else the policy knows of it.
    note: T,
}

#[derive(Debug)]
struct Entries<T>(Vec<Entry<T>>);

impl<T> Linked for Entries<T> {
    fn link(&self, slot: Slot) -> &Link {
        &self.0[slot.index()].link
    }

    fn link_mut(&mut self, slot: Slot) -> &mut Link {
        &mut self.0[slot.index()].link
    }
}

/// `N` queues, new entries at the front. Every known slot is in exactly one of them, with a note of the policy's.
#[derive(Debug)]
pub(crate) struct Segments<const N: usize, T = ()> {
    entries: Entries<T>,
    lists: [List; N],
    weights: [u64; N],
}

impl<const N: usize, T> Default for Segments<N, T> {
    fn default() -> Self {
        Self { entries: Entries(Vec::new()), lists: [List::default(); N], weights: [0; N] }
    }
}

impl<const N: usize, T: Copy + Default> Segments<N, T> {
    /// Makes the tables reach to `slot`.
    pub(crate) fn grow_to(&mut self, slot: Slot) {
        if self.entries.0.len() <= slot.index() {
            self.entries.0.resize(slot.index() + 1, Entry::default());
        }
    }

    /// How many slots there were at most.
    pub(crate) fn len(&self) -> usize {
        self.entries.0.len()
    }

    /// Puts a slot that was not known to the front of a segment.
    pub(crate) fn insert(&mut self, segment: u8, slot: Slot, weight: u32, note: T) {
        self.grow_to(slot);
        self.entries.0[slot.index()] = Entry { link: Link::default(), weight, segment, note };
        self.push(segment, slot);
    }

    /// What was noted of the slot last.
    pub(crate) fn note(&self, slot: Slot) -> T {
        self.entries.0[slot.index()].note
    }

    pub(crate) fn note_mut(&mut self, slot: Slot) -> &mut T {
        &mut self.entries.0[slot.index()].note
    }

    /// Takes the slot out. Answers the segment it was in and its weight.
    pub(crate) fn remove(&mut self, slot: Slot) -> (u8, u32) {
        let Entry { weight, segment, .. } = self.entries.0[slot.index()];
        self.lists[usize::from(segment)].unlink(&mut self.entries, slot);
        self.weights[usize::from(segment)] -= u64::from(weight);
        (segment, weight)
    }

    /// Moves the slot to the front of a segment, its own or another one.
    pub(crate) fn move_to(&mut self, segment: u8, slot: Slot) {
        let own = self.segment(slot);
        if own == segment {
            self.lists[usize::from(own)].move_to_front(&mut self.entries, slot);
        } else {
            self.remove(slot);
            self.entries.0[slot.index()].segment = segment;
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
        self.entries.0[slot.index()].segment
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
        self.entries.before(slot)
    }

    fn push(&mut self, segment: u8, slot: Slot) {
        self.lists[usize::from(segment)].push_front(&mut self.entries, slot);
        self.weights[usize::from(segment)] += u64::from(self.entries.0[slot.index()].weight);
    }
}
