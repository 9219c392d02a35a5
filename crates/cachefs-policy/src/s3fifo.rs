use crate::ghost::Ghost;
use crate::segments::Segments;
use crate::{Admission, EvictionPolicy, LATE_HITS_MAX, Slot};

const SMALL: u8 = 0;
const MAIN: u8 = 1;

/// More hits than this are not counted.
const HITS_MAX: u8 = LATE_HITS_MAX;

/// Three queues: new entries prove themselves in a small one, those that do move on to the main one, and a ghost
/// remembers those that did not (Yang, Zhang, Qiu, Yue, Rashmi, "FIFO queues are all you need for cache eviction",
/// SOSP 2023). The small queue has a tenth of the weight, the ghost nine tenths; one hit is enough to be promoted,
/// which measures better than the paper's two.
///
/// Good at: most things, scans among them; a hit sets two bits. Bad at: loops a bit larger than the cache, and
/// entries whose second use comes just after they left the small queue. A victim takes amortised constant time: each
/// entry moved on the way was hit since.
#[derive(Debug)]
pub struct S3Fifo {
    entries: Segments<2, Known>,
    ghost: Ghost,
    small_max: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    hash: u64,
    hits: u8,
}

impl S3Fifo {
    /// For this capacity.
    #[must_use]
    pub fn new(capacity: u64) -> Self {
        let ghost = Ghost::new(Self::ghost_max(capacity));
        Self { entries: Segments::default(), ghost, small_max: capacity / 10 }
    }

    const fn ghost_max(capacity: u64) -> u64 {
        capacity - capacity / 10
    }

    /// The queue that gives the next victim, or something to promote.
    fn source(&self) -> u8 {
        let small = self.entries.weight(SMALL) >= self.small_max || self.entries.is_empty(MAIN);
        if small && !self.entries.is_empty(SMALL) { SMALL } else { MAIN }
    }
}

impl EvictionPolicy for S3Fifo {
    fn on_insert(&mut self, slot: Slot, entry: Admission) {
        let known = Known { hash: entry.key_hash, hits: 0 };
        let returns = self.ghost.take(entry.key_hash).is_some();
        self.entries.insert(if returns { MAIN } else { SMALL }, slot, entry.weight, known);
        self.ghost.reserve(self.entries.len());
    }

    fn on_hit(&mut self, slot: Slot) {
        let hits = &mut self.entries.note_mut(slot).hits;
        *hits = (*hits + 1).min(HITS_MAX);
    }

    fn takes_late_hits(&self) -> bool {
        true
    }

    fn on_remove(&mut self, slot: Slot, evicted: bool) {
        let (queue, weight) = self.entries.remove(slot);
        if evicted && queue == SMALL {
            self.ghost.insert(self.entries.note(slot).hash, weight, 0);
        }
    }

    fn victim(&mut self) -> Option<Slot> {
        loop {
            let queue = self.source();
            let slot = self.entries.back(queue)?;
            let hits = &mut self.entries.note_mut(slot).hits;
            if *hits == 0 {
                return Some(slot);
            }
            *hits = if queue == SMALL { 0 } else { *hits - 1 };
            self.entries.move_to(MAIN, slot);
        }
    }

    fn on_refused(&mut self, slot: Slot) {
        // Being read is a use. All hits there can be, or else the hand might be back here before others are.
        self.entries.note_mut(slot).hits = HITS_MAX;
        let alone = self.entries.segment(slot) == MAIN && self.entries.is_alone(slot);
        let others = !self.entries.is_empty(MAIN) && !alone;
        self.entries.move_to(if others { MAIN } else { SMALL }, slot);
    }

    fn on_resize(&mut self, capacity: u64) {
        self.small_max = capacity / 10;
        self.ghost.set_weight_max(Self::ghost_max(capacity));
    }
}
