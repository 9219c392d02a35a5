use crate::ghost::Ghost;
use crate::ring::Ring;
use crate::segments::Segments;
use crate::table::Table;
use crate::{Admission, EvictionPolicy, Slot};

const ONCE: u8 = 0;

/// Who was used twice the longest ago goes first; before them, who was used only once (LRU-K for K = 2: O'Neil,
/// O'Neil, Weikum, "The LRU-K page replacement algorithm for database disk buffering", SIGMOD 1993). A ghost of the
/// weight of the cache keeps the last use of what left. Correlated references: uses in the same epoch are one, and a
/// new entry is kept for four epochs, a quarter of the cache's number of events, if another one can go.
///
/// The paper's heap is replaced by queues: last but one uses are told apart by epochs of a sixteenth as many events as
/// there are entries, 255 epochs back; within an epoch, and beyond the last, the one that came to it first goes first.
///
/// Good at: scans, and hot blocks among cold ones. Bad at: bursts of uses that do not come again, pure recency.
#[derive(Debug)]
pub struct Lru2 {
    /// Used once, as far as is known: least recently used last.
    once: Segments<1>,
    /// Used twice, by the epoch of the last but one use.
    twice: Ring,
    known: Table<Known>,
    ghost: Ghost,
    /// The epoch, how many events it has had, and how many entries there are.
    now: u64,
    events: usize,
    count: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    hash: u64,
    weight: u32,
    last: u64,
    twice: bool,
}

impl Lru2 {
    const EPOCHS_PER_CACHE: usize = 16;
    /// How many epochs a new entry is kept for a second use.
    const KEPT_EPOCHS: u64 = 4;

    /// For this capacity.
    #[must_use]
    pub fn new(capacity: u64) -> Self {
        Self {
            once: Segments::default(),
            twice: Ring::default(),
            known: Table::default(),
            ghost: Ghost::new(capacity),
            now: 0,
            events: 0,
            count: 0,
        }
    }

    fn tick(&mut self) {
        self.events += 1;
        if self.events > self.count / Self::EPOCHS_PER_CACHE {
            self.events = 0;
            self.now += 1;
            self.twice.raise_floor(self.now.saturating_sub(Ring::SPAN));
        }
    }

    /// The epoch, as a ghost keeps it.
    #[expect(clippy::cast_possible_truncation, reason = "the difference to a later epoch is what counts")]
    fn short(epoch: u64) -> u32 {
        epoch as u32
    }
}

impl EvictionPolicy for Lru2 {
    fn on_insert(&mut self, slot: Slot, entry: Admission) {
        self.tick();
        // It may change sides later.
        self.once.grow_to(slot);
        self.twice.grow_to(slot);
        let before = self.ghost.take(entry.key_hash).map(|found| {
            let age = Self::short(self.now).wrapping_sub(found.note);
            self.now.saturating_sub(age.into())
        });
        match before {
            Some(last) => self.twice.insert(slot, last),
            None => self.once.insert(ONCE, slot, entry.weight, ()),
        }
        let Admission { key_hash: hash, weight, .. } = entry;
        self.known.set(slot, Known { hash, weight, last: self.now, twice: before.is_some() });
        self.ghost.reserve(self.known.len());
        self.count += 1;
    }

    fn on_hit(&mut self, slot: Slot) {
        self.tick();
        let known = &mut self.known[slot];
        if known.last == self.now {
            if !known.twice {
                self.once.move_to(ONCE, slot);
            }
            return;
        }
        let last = std::mem::replace(&mut known.last, self.now);
        if std::mem::replace(&mut known.twice, true) {
            self.twice.move_to(slot, last);
        } else {
            self.once.remove(slot);
            self.twice.insert(slot, last);
        }
    }

    fn on_remove(&mut self, slot: Slot, evicted: bool) {
        let Known { hash, weight, last, twice } = self.known[slot];
        if twice {
            self.twice.remove(slot);
        } else {
            self.once.remove(slot);
        }
        self.count -= 1;
        if evicted {
            self.ghost.insert(hash, weight, Self::short(last));
        }
    }

    fn victim(&mut self) -> Option<Slot> {
        let once = self.once.back(ONCE);
        let due = once.filter(|&slot| self.now - self.known[slot].last >= Self::KEPT_EPOCHS);
        due.or_else(|| self.twice.lowest()).or(once)
    }

    fn on_refused(&mut self, slot: Slot) {
        // Being read is a use; who is alone on its side changes it, so that the next victim is another one.
        self.known[slot].last = self.now;
        if self.known[slot].twice {
            if self.twice.len() > 1 {
                self.twice.refuse(slot);
            } else {
                self.twice.remove(slot);
                self.known[slot].twice = false;
                self.once.insert(ONCE, slot, self.known[slot].weight, ());
            }
        } else if self.once.is_alone(slot) {
            self.once.remove(slot);
            self.known[slot].twice = true;
            self.twice.insert(slot, self.now);
        } else {
            self.once.move_to(ONCE, slot);
        }
    }

    fn on_resize(&mut self, capacity: u64) {
        self.ghost.set_weight_max(capacity);
    }
}
