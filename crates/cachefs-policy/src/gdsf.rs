use crate::ring::Ring;
use crate::table::Table;
use crate::{Admission, EvictionPolicy, Slot};

/// Large entries with few hits go first: the priority is hits by weight, plus the priority of the last victim
/// (Cherkasova, "Improving WWW proxies performance with Greedy-Dual-Size-Frequency caching policy", HP Laboratories
/// report HPL-98-69R1, 1998). The paper's is exact on a heap; here priorities are whole steps, [`Gdsf::STEPS`] for one
/// hit on an entry of the mean weight, from 1 to 255 above the last victim's: constant time, but entries within a
/// step go least recently used first, and weights below a thirtieth of the mean are as good as each other.
///
/// Good at: hits per byte when weights differ much. Bad at: byte hits, as large entries leave first; newcomers that
/// are large.
#[derive(Debug, Default)]
pub struct Gdsf {
    ring: Ring,
    known: Table<Known>,
    /// Of all residents, for the mean.
    weight: u64,
    count: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    weight: u32,
    hits: u32,
}

impl Gdsf {
    /// Priority of one hit on an entry of the mean weight.
    pub const STEPS: u64 = 8;

    /// Without entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How far above the floor the entry's priority is, by the mean weight of now.
    fn worth(&self, Known { weight, hits }: Known) -> u64 {
        let mean = self.weight / self.count.max(1);
        let worth =
            u64::from(hits).saturating_mul(Self::STEPS).saturating_mul(mean) / u64::from(weight.max(1));
        worth.clamp(1, Ring::SPAN)
    }
}

impl EvictionPolicy for Gdsf {
    fn on_insert(&mut self, slot: Slot, entry: Admission) {
        let known = Known { weight: entry.weight, hits: 1 };
        self.known.set(slot, known);
        self.weight += u64::from(entry.weight);
        self.count += 1;
        self.ring.insert(slot, self.ring.floor() + self.worth(known));
    }

    fn on_hit(&mut self, slot: Slot) {
        let hits = &mut self.known[slot].hits;
        *hits = hits.saturating_add(1);
        self.ring.move_to(slot, self.ring.floor() + self.worth(self.known[slot]));
    }

    fn on_remove(&mut self, slot: Slot, evicted: bool) {
        let priority = self.ring.priority(slot);
        self.ring.remove(slot);
        self.weight -= u64::from(self.known[slot].weight);
        self.count -= 1;
        if evicted {
            // Others may be below, if this was not the victim.
            let floor = self.ring.lowest_priority().map_or(priority, |lowest| lowest.min(priority));
            self.ring.raise_floor(floor);
        }
    }

    fn victim(&mut self) -> Option<Slot> {
        self.ring.lowest()
    }

    fn on_refused(&mut self, slot: Slot) {
        self.ring.refuse(slot);
    }

    fn on_resize(&mut self, _capacity: u64) {}
}
