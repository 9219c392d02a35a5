//! What a policy knows of each slot.

use std::ops::{Index, IndexMut};

use crate::Slot;

/// One value per slot number. Grows with the highest number, never shrinks.
#[derive(Debug)]
pub(crate) struct Table<T>(Vec<T>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy + Default> Table<T> {
    pub(crate) fn grow_to(&mut self, slot: Slot) {
        if self.0.len() <= slot.index() {
            self.0.resize(slot.index() + 1, T::default());
        }
    }

    pub(crate) fn set(&mut self, slot: Slot, value: T) {
        self.grow_to(slot);
        self.0[slot.index()] = value;
    }

    /// How many slots there were at most.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl<T> Index<Slot> for Table<T> {
    type Output = T;

    fn index(&self, slot: Slot) -> &T {
        &self.0[slot.index()]
    }
}

impl<T> IndexMut<Slot> for Table<T> {
    fn index_mut(&mut self, slot: Slot) -> &mut T {
        &mut self.0[slot.index()]
    }
}
