use crate::links::{Linked, Links, List};
use crate::table::Table;
use crate::{Admission, EvictionPolicy, Slot};

/// Bucket 0 for what is due first, bucket `n` for what differs from that in bit `n - 1` and in none above.
const BUCKETS: usize = 65;

/// What expires soonest goes first, the least recently used among equals; what never expires is last. There is no
/// clock: expiry comes with the [`Admission`]. The queue is a radix heap (Ahuja, Mehlhorn, Orlin, Tarjan, "Faster
/// algorithms for the shortest path problem", Journal of the ACM 37(2), 1990): amortised constant time, as an entry
/// changes its bucket 64 times at most. The order is exact but for one thing: a new entry that expires before the last
/// victim did counts as expiring with it.
///
/// Good at: keeping what stays valid longest. Bad at: everything else, if expiry says nothing about use.
#[derive(Debug)]
pub struct Ttl {
    links: Links,
    known: Table<Known>,
    buckets: [List; BUCKETS],
    /// Which buckets have entries, a bit each.
    occupied: u128,
    /// What was due first when a victim was last asked for: nothing is earlier.
    floor: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    /// At least the floor at the time.
    expires_at: u64,
    bucket: u8,
}

impl Default for Ttl {
    fn default() -> Self {
        Self {
            links: Links::default(),
            known: Table::default(),
            buckets: [List::default(); BUCKETS],
            occupied: 0,
            floor: 0,
        }
    }
}

impl Ttl {
    /// Without entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn push(&mut self, slot: Slot, expires_at: u64) {
        let expires_at = expires_at.max(self.floor);
        let bucket = (u64::BITS - (expires_at ^ self.floor).leading_zeros()).to_le_bytes()[0];
        self.known.set(slot, Known { expires_at, bucket });
        self.buckets[usize::from(bucket)].push_front(&mut self.links, slot);
        self.occupied |= 1 << bucket;
    }

    fn unlink(&mut self, slot: Slot) {
        let bucket = self.known[slot].bucket;
        self.buckets[usize::from(bucket)].unlink(&mut self.links, slot);
        if self.buckets[usize::from(bucket)].is_empty() {
            self.occupied &= !(1 << bucket);
        }
    }

    /// Raises the floor to what is due first now, if there is anything.
    fn settle(&mut self) {
        // The oldest first, so that equals keep their order.
        let Some(bucket) = self.first_bucket().filter(|&bucket| bucket > 0) else { return };
        let (mut next, mut floor) = (self.buckets[bucket].back(), u64::MAX);
        while let Some(slot) = next {
            floor = floor.min(self.known[slot].expires_at);
            next = self.links.before(slot);
        }
        self.floor = floor;
        while let Some(slot) = self.buckets[bucket].back() {
            self.unlink(slot);
            self.push(slot, self.known[slot].expires_at);
        }
    }

    fn first_bucket(&self) -> Option<usize> {
        (self.occupied != 0).then(|| self.occupied.trailing_zeros() as usize)
    }
}

impl EvictionPolicy for Ttl {
    fn on_insert(&mut self, slot: Slot, entry: Admission) {
        self.links.grow_to(slot);
        self.push(slot, entry.expires_at);
    }

    fn on_hit(&mut self, slot: Slot) {
        let bucket = usize::from(self.known[slot].bucket);
        self.buckets[bucket].move_to_front(&mut self.links, slot);
    }

    fn on_remove(&mut self, slot: Slot, _evicted: bool) {
        self.unlink(slot);
    }

    fn victim(&mut self) -> Option<Slot> {
        self.settle();
        self.buckets[self.first_bucket()?].back()
    }

    fn on_refused(&mut self, slot: Slot) {
        // It waits until the next one is due, and goes after that.
        self.unlink(slot);
        self.settle();
        self.push(slot, self.known[slot].expires_at);
    }

    fn on_resize(&mut self, _capacity: u64) {}
}
