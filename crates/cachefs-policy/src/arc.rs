use crate::ghost::Ghost;
use crate::segments::Segments;
use crate::table::Table;
use crate::{Admission, EvictionPolicy, Slot};

/// Seen once lately: `T1` of the paper.
const ONCE: u8 = 0;
/// Seen more than once: `T2`.
const AGAIN: u8 = 1;

/// Two LRU lists, of what was seen once and more than once, whose shares follow which one's ghost is hit (Megiddo,
/// Modha, "ARC: a self-tuning, low overhead replacement cache", FAST 2003). A victim is named before the key that
/// needs its place is known; so the share adapts one eviction later than in the paper.
///
/// Good at: adapting without parameters, scans. Bad at: loops larger than the cache; a hit moves list entries. An
/// insertion takes amortised constant time: what it forgets was evicted before.
#[derive(Debug)]
pub struct Arc {
    entries: Segments<2>,
    hashes: Table<u64>,
    /// What left each of the lists.
    once_ghost: Ghost,
    again_ghost: Ghost,
    capacity: u64,
    /// What `ONCE` should weigh: `p` of the paper.
    once_target: u64,
}

impl Arc {
    /// For this capacity.
    #[must_use]
    pub fn new(capacity: u64) -> Self {
        Self {
            entries: Segments::default(),
            hashes: Table::default(),
            once_ghost: Ghost::new(capacity),
            again_ghost: Ghost::new(capacity.saturating_mul(2)),
            capacity,
            once_target: 0,
        }
    }

    /// Whether the key is in a ghost; if so, that one's list gains.
    fn adapt(&mut self, entry: Admission) -> bool {
        let (once, again) = (self.once_ghost.weight(), self.again_ghost.weight());
        if self.once_ghost.take(entry.key_hash).is_some() {
            let gain = step(entry.weight, again, once);
            self.once_target = self.once_target.saturating_add(gain).min(self.capacity);
        } else if self.again_ghost.take(entry.key_hash).is_some() {
            let loss = step(entry.weight, once, again);
            self.once_target = self.once_target.saturating_sub(loss);
        } else {
            return false;
        }
        true
    }

    /// Keeps what is known of `ONCE` within the capacity, and all that is known within twice as much.
    fn forget(&mut self) {
        while self.entries.weight(ONCE) + self.once_ghost.weight() > self.capacity
            && self.once_ghost.forget_oldest().is_some()
        {}
        while self.known() > self.capacity.saturating_mul(2)
            && (self.again_ghost.forget_oldest().is_some() || self.once_ghost.forget_oldest().is_some())
        {
        }
    }

    fn known(&self) -> u64 {
        self.entries.weight(ONCE)
            + self.entries.weight(AGAIN)
            + self.once_ghost.weight()
            + self.again_ghost.weight()
    }
}

/// How far the target moves on a hit in a ghost of weight `own`: by the entry, or more if the other ghost is heavier.
fn step(weight: u32, other: u64, own: u64) -> u64 {
    let weight = u64::from(weight);
    weight.max(weight.saturating_mul(other) / own.max(1))
}

impl EvictionPolicy for Arc {
    fn on_insert(&mut self, slot: Slot, entry: Admission) {
        let returns = self.adapt(entry);
        self.entries.insert(if returns { AGAIN } else { ONCE }, slot, entry.weight);
        self.hashes.set(slot, entry.key_hash);
        // One more than slots: a victim is remembered before the key that comes back for its place is forgotten.
        self.once_ghost.reserve(self.hashes.len() + 1);
        self.again_ghost.reserve(self.hashes.len() + 1);
        self.forget();
    }

    fn on_hit(&mut self, slot: Slot) {
        self.entries.move_to(AGAIN, slot);
    }

    fn on_remove(&mut self, slot: Slot, evicted: bool) {
        let (list, weight) = self.entries.remove(slot);
        if evicted {
            let ghost = if list == ONCE { &mut self.once_ghost } else { &mut self.again_ghost };
            ghost.insert(self.hashes[slot], weight, 0);
            self.forget();
        }
    }

    fn victim(&mut self) -> Option<Slot> {
        let once = self.entries.weight(ONCE) > self.once_target;
        let (first, second) = if once { (ONCE, AGAIN) } else { (AGAIN, ONCE) };
        self.entries.back(first).or_else(|| self.entries.back(second))
    }

    fn on_refused(&mut self, slot: Slot) {
        let other = if self.entries.segment(slot) == ONCE { AGAIN } else { ONCE };
        self.entries.refuse(slot, other);
    }

    fn on_resize(&mut self, capacity: u64) {
        self.capacity = capacity;
        self.once_target = self.once_target.min(capacity);
        self.once_ghost.set_weight_max(capacity);
        self.again_ghost.set_weight_max(capacity.saturating_mul(2));
        self.forget();
    }
}
