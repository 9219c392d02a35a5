use crate::links::{Links, List};
use crate::table::Table;
use crate::{Admission, EvictionPolicy, Slot};

/// A policy, and before it a queue of entries that were loaded before anybody asked for them.
///
/// What is loaded ahead of a sequential reader comes in unread. A policy that judges by what was used would take that
/// for an entry nobody wants (and throw it out of a small queue of newcomers before its reader comes), or its first
/// use for a second one. So it waits here, and its first use is its insertion into the policy. Unused it goes when as
/// much as the whole capacity came in after it, which is when LRU would give it up, or when more than three
/// quarters of the capacity are waiting: the oldest first, as they are the ones whose readers may be gone.
///
/// To be told as an [`EvictionPolicy`] is. Each event takes constant time beside the policy's own, and allocates only
/// where a slot number is higher than all before. 40 bytes per slot.
#[derive(Debug)]
pub struct Ahead {
    policy: Box<dyn EvictionPolicy>,
    /// Not used yet, newest first.
    queue: List,
    links: Links,
    waiting: Table<Option<Waiting>>,
    /// Sum of the weights in the queue.
    weight: u64,
    /// Sum of all weights that ever came in.
    clock: u64,
    capacity: u64,
    /// Refused last, if it is in the queue.
    refused: Option<Slot>,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    entry: Admission,
    /// The clock when it came in.
    since: u64,
}

impl Ahead {
    /// Before a policy of this capacity.
    #[must_use]
    pub fn new(policy: Box<dyn EvictionPolicy>, capacity: u64) -> Self {
        Self {
            policy,
            queue: List::default(),
            links: Links::default(),
            waiting: Table::default(),
            weight: 0,
            clock: 0,
            capacity,
            refused: None,
        }
    }

    /// An entry that was asked for will come in; see [`EvictionPolicy::on_coming`].
    pub fn on_coming(&mut self, entry: Admission) {
        self.policy.on_coming(entry);
    }

    /// An entry came in because it was asked for.
    pub fn on_insert(&mut self, slot: Slot, entry: Admission) {
        self.come(slot, entry.weight);
        self.policy.on_insert(slot, entry);
    }

    /// An entry came in before anybody asked for it.
    pub fn on_insert_ahead(&mut self, slot: Slot, entry: Admission) {
        self.come(slot, entry.weight);
        self.waiting[slot] = Some(Waiting { entry, since: self.clock });
        self.queue.push_front(&mut self.links, slot);
        self.weight += u64::from(entry.weight);
    }

    /// The entry was used; the first time, if it was loaded ahead.
    pub fn on_hit(&mut self, slot: Slot) {
        match self.leave(slot) {
            Some(entry) => self.policy.on_insert(slot, entry),
            None => self.policy.on_hit(slot),
        }
    }

    /// The entry left; see [`EvictionPolicy::on_remove`]. The policy never heard of one that was not used.
    pub fn on_remove(&mut self, slot: Slot, evicted: bool) {
        if self.leave(slot).is_none() {
            self.policy.on_remove(slot, evicted);
        }
    }

    /// Who goes next; see [`EvictionPolicy::victim`].
    pub fn victim(&mut self) -> Option<Slot> {
        let oldest = self.queue.back();
        let due = oldest.filter(|&slot| self.is_due(slot) && self.refused != Some(slot));
        due.or_else(|| self.policy.victim()).or(oldest)
    }

    /// The victim cannot go now; see [`EvictionPolicy::on_refused`].
    pub fn on_refused(&mut self, slot: Slot) {
        let Some(waiting) = &mut self.waiting[slot] else { return self.policy.on_refused(slot) };
        waiting.since = self.clock;
        self.queue.move_to_front(&mut self.links, slot);
        self.refused = Some(slot);
    }

    /// The capacity is another from now on.
    pub fn on_resize(&mut self, capacity: u64) {
        self.capacity = capacity;
        self.policy.on_resize(capacity);
    }

    fn come(&mut self, slot: Slot, weight: u32) {
        self.links.grow_to(slot);
        self.waiting.grow_to(slot);
        self.clock = self.clock.wrapping_add(u64::from(weight));
        self.refused = None;
    }

    fn is_due(&self, slot: Slot) -> bool {
        let since = self.waiting[slot].map_or(self.clock, |waiting| waiting.since);
        self.weight > self.capacity / 4 * 3 || self.clock.wrapping_sub(since) > self.capacity
    }

    /// Takes the slot out of the queue, if it is there.
    fn leave(&mut self, slot: Slot) -> Option<Admission> {
        let Waiting { entry, .. } = self.waiting[slot].take()?;
        self.queue.unlink(&mut self.links, slot);
        self.weight -= u64::from(entry.weight);
        self.refused = None;
        Some(entry)
    }
}
