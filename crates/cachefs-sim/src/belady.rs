use std::collections::BinaryHeap;

use crate::Tally;
use crate::hash::KeyMap;
use crate::trace::Request;

/// A cache that knows what comes: who is used again last goes first (Belady, "A study of replacement algorithms for a
/// virtual-storage computer", IBM Systems Journal 5(2), 1966).
///
/// Of entries that weigh the same nothing hits more often. Of entries that do not, what hits most is too hard to
/// compute; this is then the usual approximation, which a policy that knows sizes may surpass in hits.
#[derive(Debug)]
pub struct Belady {
    capacity: u64,
    may_refuse: bool,
    used: u64,
    entries: KeyMap<Entry>,
    /// By next use, the last first; what was used since is still there as it was.
    queue: BinaryHeap<(u64, u64)>,
    tally: Tally,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    next: u64,
    weight: u64,
}

impl Belady {
    /// Empty, of this capacity. Everything comes in, as in the theorem: for entries that weigh the same.
    #[must_use]
    pub fn new(capacity: u64) -> Self {
        Self::with_refusal(capacity, false)
    }

    /// Empty, of this capacity in bytes. What would drive out what is used before it does not come in, or else one
    /// large entry would undo all foresight.
    #[must_use]
    pub fn weighted(capacity: u64) -> Self {
        Self::with_refusal(capacity, true)
    }

    fn with_refusal(capacity: u64, may_refuse: bool) -> Self {
        Self {
            capacity,
            may_refuse,
            used: 0,
            entries: KeyMap::default(),
            queue: BinaryHeap::new(),
            tally: Tally::default(),
        }
    }

    /// A request, of this weight in the unit of the capacity, and the number of the next one for the same key:
    /// whether it was a hit.
    pub fn access(&mut self, request: Request, weight: u64, next: u64) -> bool {
        let key = request.key;
        let hit = self.entries.get_mut(&key).map(|entry| entry.next = next).is_some();
        if hit {
            self.queue.push((next, key));
            self.sweep();
        } else {
            self.load(key, Entry { next, weight: weight.max(1) });
        }
        self.tally.count(request.size, hit);
        hit
    }

    fn load(&mut self, key: u64, entry: Entry) {
        if entry.weight > self.capacity || !self.make_room(entry) {
            return;
        }
        self.used += entry.weight;
        self.entries.insert(key, entry);
        self.queue.push((entry.next, key));
    }

    /// Whether there is room for it now: not if it may be refused, and somebody would have to go who is used earlier.
    fn make_room(&mut self, newcomer: Entry) -> bool {
        let mut room = self.capacity - self.used;
        let mut victims = Vec::new();
        while room < newcomer.weight {
            let Some((next, key)) = self.queue.pop() else { break };
            // What was used since, or went, is further on in the queue or nowhere.
            let Some(entry) = self.entries.get(&key).filter(|entry| entry.next == next) else { continue };
            room += entry.weight;
            victims.push((next, key));
            if self.may_refuse && next < newcomer.next {
                self.queue.extend(victims);
                return false;
            }
        }
        for (_, key) in victims {
            self.entries.remove(&key);
        }
        self.used = self.capacity - room;
        true
    }

    /// Takes out of the queue what is not so any more, once that is most of it.
    fn sweep(&mut self) {
        if self.queue.len() > 2 * self.entries.len() + 64 {
            let entries = &self.entries;
            self.queue.retain(|(next, key)| entries.get(key).is_some_and(|entry| entry.next == *next));
        }
    }

    /// What was asked for so far, and found.
    #[must_use]
    pub const fn tally(&self) -> Tally {
        self.tally
    }
}
