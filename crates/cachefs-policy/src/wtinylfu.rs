use crate::segments::Segments;
use crate::sketch::Sketch;
use crate::{Admission, EvictionPolicy, Slot};

/// New entries, least recently used last.
const WINDOW: u8 = 0;
/// Of the main part: not used since they came into it, or too long ago.
const PROBATION: u8 = 1;
/// Of the main part: used since.
const PROTECTED: u8 = 2;

/// New entries pass a window of 1 %; what leaves it must have been used more often lately than the entry whose place
/// it takes (Einziger, Friedman, Manes, "TinyLFU: a highly efficient cache admission policy", ACM Transactions on
/// Storage 13(4), 2017). The main part is a segmented LRU, four fifths of it protected, as in Caffeine; the window does
/// not change its size, and ties are not broken at random. When a heavy entry drives several out of the window, only
/// the last one has to compete.
///
/// Good at: stable popularity, scans. Bad at: pure recency and shifts of popularity, where it can fall far behind LRU.
/// Amortised constant time: each entry that overflows a part came into it before; see also [`Sketch`].
#[derive(Debug)]
pub struct WTinyLfu {
    /// With the hashes of the keys.
    entries: Segments<3, u64>,
    sketch: Sketch,
    /// In front of `PROBATION`, and yet to compete.
    candidate: Option<Slot>,
    window_max: u64,
    protected_max: u64,
}

impl WTinyLfu {
    /// For this capacity.
    #[must_use]
    pub fn new(capacity: u64) -> Self {
        let (window_max, protected_max) = Self::shares(capacity);
        Self {
            entries: Segments::default(),
            sketch: Sketch::new(),
            candidate: None,
            window_max,
            protected_max,
        }
    }

    fn shares(capacity: u64) -> (u64, u64) {
        let window = (capacity / 100).max(1);
        let main = capacity.saturating_sub(window);
        (window, main - main / 5)
    }

    fn settle(&mut self) {
        while self.entries.weight(WINDOW) > self.window_max
            && let Some(slot) = self.entries.back(WINDOW)
        {
            self.entries.move_to(PROBATION, slot);
            self.candidate = Some(slot);
        }
        while self.entries.weight(PROTECTED) > self.protected_max
            && let Some(slot) = self.entries.back(PROTECTED)
        {
            self.entries.move_to(PROBATION, slot);
        }
    }

    fn count(&self, slot: Slot) -> u8 {
        self.sketch.count(self.entries.note(slot))
    }
}

impl EvictionPolicy for WTinyLfu {
    fn on_insert(&mut self, slot: Slot, entry: Admission) {
        self.entries.grow_to(slot);
        self.sketch.reserve(self.entries.len());
        self.sketch.add(entry.key_hash);
        self.entries.insert(WINDOW, slot, entry.weight, entry.key_hash);
        self.settle();
    }

    fn on_hit(&mut self, slot: Slot) {
        self.sketch.add(self.entries.note(slot));
        if self.candidate == Some(slot) {
            self.candidate = None;
        }
        let part = if self.entries.segment(slot) == WINDOW { WINDOW } else { PROTECTED };
        self.entries.move_to(part, slot);
        self.settle();
    }

    fn on_remove(&mut self, slot: Slot, evicted: bool) {
        // Who competed has won, or lost and left.
        if evicted || self.candidate == Some(slot) {
            self.candidate = None;
        }
        self.entries.remove(slot);
    }

    fn victim(&mut self) -> Option<Slot> {
        let oldest = [PROBATION, PROTECTED, WINDOW].into_iter().find_map(|part| self.entries.back(part))?;
        match self.candidate {
            Some(candidate) if self.count(candidate) <= self.count(oldest) => Some(candidate),
            _ => Some(oldest),
        }
    }

    fn on_refused(&mut self, slot: Slot) {
        if self.candidate == Some(slot) {
            self.candidate = None;
        }
        let own = self.entries.segment(slot);
        // The others are asked in this order; the victim's is the first that is not empty.
        let other = match own {
            PROBATION if !self.entries.is_empty(PROTECTED) => PROTECTED,
            WINDOW => PROBATION,
            _ => WINDOW,
        };
        self.entries.refuse(slot, other);
    }

    fn on_resize(&mut self, capacity: u64) {
        (self.window_max, self.protected_max) = Self::shares(capacity);
        self.settle();
    }
}
