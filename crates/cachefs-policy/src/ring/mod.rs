//! Entries by priority, where priorities of all residents lie within a window that only moves up.

use crate::Slot;
use crate::links::{Links, List};
use crate::table::Table;

/// How many priorities there can be at a time.
const LEVELS: u64 = 256;
const WORDS: usize = 4;

/// A queue per priority from the floor to [`Ring::SPAN`] above, in a ring; within one, new entries at the front.
/// Every operation looks at a fixed number of words at most.
#[derive(Debug)]
pub(crate) struct Ring {
    links: Links,
    priorities: Table<u64>,
    levels: Vec<List>,
    /// Which levels have entries, a bit each.
    occupied: [u64; WORDS],
    floor: u64,
    len: usize,
}

impl Default for Ring {
    fn default() -> Self {
        Self {
            links: Links::default(),
            priorities: Table::default(),
            levels: vec![List::default(); 1 << LEVELS.trailing_zeros()],
            occupied: [0; WORDS],
            floor: 0,
            len: 0,
        }
    }
}

impl Ring {
    /// The highest priority above the floor.
    pub(crate) const SPAN: u64 = LEVELS - 1;

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The lowest priority there can be.
    pub(crate) fn floor(&self) -> u64 {
        self.floor
    }

    /// Makes the tables reach to `slot`.
    pub(crate) fn grow_to(&mut self, slot: Slot) {
        self.links.grow_to(slot);
        self.priorities.grow_to(slot);
    }

    /// Puts a slot that is not in to the front of its priority, which is cut to the window.
    pub(crate) fn insert(&mut self, slot: Slot, priority: u64) {
        let priority = priority.clamp(self.floor, self.floor + Self::SPAN);
        self.grow_to(slot);
        self.priorities.set(slot, priority);
        let level = level(priority);
        self.levels[level].push_front(&mut self.links, slot);
        self.occupied[level / 64] |= 1 << (level % 64);
        self.len += 1;
    }

    pub(crate) fn remove(&mut self, slot: Slot) {
        self.len -= 1;
        let level = level(self.priority(slot));
        self.levels[level].unlink(&mut self.links, slot);
        if self.levels[level].is_empty() {
            self.occupied[level / 64] &= !(1 << (level % 64));
        }
    }

    /// Moves the slot to the front of another priority, or of its own.
    pub(crate) fn move_to(&mut self, slot: Slot, priority: u64) {
        self.remove(slot);
        self.insert(slot, priority);
    }

    /// The oldest entry of the lowest priority.
    pub(crate) fn lowest(&self) -> Option<Slot> {
        self.levels[level(self.next(0)?)].back()
    }

    /// The lowest priority that has an entry.
    pub(crate) fn lowest_priority(&self) -> Option<u64> {
        self.next(0)
    }

    /// Puts a refused victim to the front of its priority; if it is alone there, of the next one that has an entry.
    pub(crate) fn refuse(&mut self, slot: Slot) {
        let own = self.priority(slot);
        self.remove(slot);
        self.insert(slot, self.next(own - self.floor).unwrap_or(own));
    }

    /// Makes `floor` the lowest priority there can be; what is below rises to it, behind those already there. Takes
    /// time in proportion to the rise, but no more than a fixed time.
    pub(crate) fn raise_floor(&mut self, floor: u64) {
        while self.floor < floor {
            let Some(lowest) = self.next(0).filter(|&lowest| lowest < floor) else {
                self.floor = floor;
                return;
            };
            let (from, to) = (level(lowest), level(lowest + 1));
            let risen = std::mem::take(&mut self.levels[from]);
            self.levels[to].append(&mut self.links, risen);
            self.occupied[from / 64] &= !(1 << (from % 64));
            self.occupied[to / 64] |= 1 << (to % 64);
            self.floor = lowest + 1;
        }
    }

    /// The slot's priority, the floor if that has overtaken it.
    pub(crate) fn priority(&self, slot: Slot) -> u64 {
        self.priorities[slot].max(self.floor)
    }

    /// The lowest priority with an entry that is at least `above` above the floor.
    fn next(&self, above: u64) -> Option<u64> {
        let mut at = self.floor + above;
        while at <= self.floor + Self::SPAN {
            let level = level(at);
            let ahead = self.occupied[level / 64] >> (level % 64);
            if ahead != 0 {
                let found = at + u64::from(ahead.trailing_zeros());
                // The ring's end may lie in the word it began in.
                return (found <= self.floor + Self::SPAN).then_some(found);
            }
            at += 64 - at % 64;
        }
        None
    }
}

fn level(priority: u64) -> usize {
    (priority % LEVELS) as usize
}

#[cfg(test)]
mod tests;
