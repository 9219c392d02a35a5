use crate::ghost::Ghost;
use crate::segments::Segments;
use crate::{Admission, EvictionPolicy, Slot};

/// Seen once lately: `T1` of the paper.
const ONCE: u8 = 0;
/// Seen more than once: `T2`.
const AGAIN: u8 = 1;

/// Two LRU lists, of what was seen once and more than once, whose shares follow which one's ghost is hit (Megiddo,
/// Modha, "ARC: a self-tuning, low overhead replacement cache", FAST 2003). Told who comes
/// ([`EvictionPolicy::on_coming`]) it chooses as in the paper; else its shares adapt one eviction later.
///
/// Good at: adapting without parameters, scans. Bad at: loops larger than the cache; a hit moves list entries. An
/// insertion takes amortised constant time: what it forgets was evicted before.
#[derive(Debug)]
pub struct Arc {
    /// With the hashes of the keys.
    entries: Segments<2, u64>,
    /// What left each of the lists.
    once_ghost: Ghost,
    again_ghost: Ghost,
    capacity: u64,
    /// What `ONCE` should weigh: `p` of the paper.
    once_target: u64,
    /// Who comes next left `AGAIN`.
    again_comes: bool,
}

/// Noted of a key in a ghost: its coming has moved the target.
const ADAPTED: u32 = 1;

impl Arc {
    /// For this capacity.
    #[must_use]
    pub fn new(capacity: u64) -> Self {
        Self {
            entries: Segments::default(),
            once_ghost: Ghost::new(capacity),
            again_ghost: Ghost::new(capacity.saturating_mul(2)),
            capacity,
            once_target: 0,
            again_comes: false,
        }
    }

    /// If the key is in a ghost, that one's list gains, once.
    fn adapt(&mut self, entry: Admission) {
        let (once, again) = (self.once_ghost.weight(), self.again_ghost.weight());
        if let Some(note) = self.once_ghost.note(entry.key_hash) {
            if std::mem::replace(note, ADAPTED) != ADAPTED {
                let gain = step(entry.weight, again, once);
                self.once_target = self.once_target.saturating_add(gain).min(self.capacity);
            }
        } else if let Some(note) = self.again_ghost.note(entry.key_hash)
            && std::mem::replace(note, ADAPTED) != ADAPTED
        {
            self.once_target = self.once_target.saturating_sub(step(entry.weight, once, again));
        }
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
    fn on_coming(&mut self, entry: Admission) {
        self.adapt(entry);
        self.again_comes = self.again_ghost.contains(entry.key_hash);
    }

    fn heeds_coming(&self) -> bool {
        true
    }

    fn on_insert(&mut self, slot: Slot, entry: Admission) {
        self.adapt(entry);
        self.again_comes = false;
        let (once, again) = (&mut self.once_ghost, &mut self.again_ghost);
        let returns = once.take(entry.key_hash).or_else(|| again.take(entry.key_hash)).is_some();
        self.entries.insert(if returns { AGAIN } else { ONCE }, slot, entry.weight, entry.key_hash);
        // One more than slots: a victim is remembered before the key that comes back for its place is forgotten.
        self.once_ghost.reserve(self.entries.len() + 1);
        self.again_ghost.reserve(self.entries.len() + 1);
        self.forget();
    }

    fn on_hit(&mut self, slot: Slot) {
        self.entries.move_to(AGAIN, slot);
    }

    fn on_remove(&mut self, slot: Slot, evicted: bool) {
        let (list, weight) = self.entries.remove(slot);
        if evicted {
            let ghost = if list == ONCE { &mut self.once_ghost } else { &mut self.again_ghost };
            ghost.insert(self.entries.note(slot), weight, 0);
            self.forget();
        }
    }

    fn victim(&mut self) -> Option<Slot> {
        let weight = self.entries.weight(ONCE);
        let once = weight > self.once_target || (weight == self.once_target && self.again_comes);
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
