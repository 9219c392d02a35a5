use crate::segments::Segments;
use crate::{Admission, EvictionPolicy, Slot};

const ALL: u8 = 0;

/// A clock whose survivors stay where they are, so that new entries are looked at apart from them (Zhang, Yang, Yue,
/// Vigfusson, Rashmi, "SIEVE is simpler than LRU: an efficient turn-key eviction algorithm for web caches", NSDI
/// 2024).
///
/// Good at: web-like popularity, quick demotion, one bit to set on a hit. Bad at: loops and scans larger than the
/// cache, and blocks, where it can fall far behind LRU. The hand takes amortised constant time: each entry it passes
/// over was hit since.
#[derive(Debug, Default)]
pub struct Sieve {
    /// Whether they were used since the hand came by.
    entries: Segments<1, bool>,
    /// Who is looked at next; the oldest entry if there is nobody.
    hand: Option<Slot>,
}

impl Sieve {
    /// Without entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl EvictionPolicy for Sieve {
    fn on_insert(&mut self, slot: Slot, entry: Admission) {
        self.entries.insert(ALL, slot, entry.weight, false);
    }

    fn on_hit(&mut self, slot: Slot) {
        *self.entries.note_mut(slot) = true;
    }

    fn takes_late_hits(&self) -> bool {
        true
    }

    fn on_remove(&mut self, slot: Slot, _evicted: bool) {
        if self.hand == Some(slot) {
            self.hand = self.entries.before(slot);
        }
        self.entries.remove(slot);
    }

    fn victim(&mut self) -> Option<Slot> {
        loop {
            let slot = self.hand.or_else(|| self.entries.back(ALL))?;
            if !std::mem::take(self.entries.note_mut(slot)) {
                self.hand = Some(slot);
                return Some(slot);
            }
            self.hand = self.entries.before(slot);
        }
    }

    fn on_refused(&mut self, slot: Slot) {
        // Being read is a use.
        *self.entries.note_mut(slot) = true;
        self.hand = self.entries.before(slot);
    }

    fn on_resize(&mut self, _capacity: u64) {}
}
