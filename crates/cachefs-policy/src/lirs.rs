use crate::ghost::Ghost;
use crate::links::{Links, List};
use crate::table::Table;
use crate::{Admission, EvictionPolicy, Slot};

/// Entries whose last two uses were close together ("low inter-reference recency") keep 99 % of the weight; all others
/// pass through the rest (Jiang, Zhang, "LIRS: an efficient low inter-reference recency set replacement policy to
/// improve buffer cache performance", SIGMETRICS 2002). Of keys that left, the latest are remembered: twice the weight
/// and twice the number of entries at most.
///
/// Good at: loops larger than the cache, scans. Bad at: shifts of popularity and pure recency, as newcomers have only
/// 1 %. Amortised constant time: each entry that is pruned from the stack was pushed before.
#[derive(Debug)]
pub struct Lirs {
    known: Table<Known>,
    /// All that is low, and what was used or left since the lowest of it: latest use in front. Its nodes are those of
    /// [`Node`].
    stack: List,
    stack_links: Links,
    /// Residents that are not low, the next victim last.
    queue: List,
    queue_links: Links,
    ghost: Ghost,
    low_weight: u64,
    low_max: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    hash: u64,
    weight: u32,
    low: bool,
    stacked: bool,
}

/// What is in the stack: residents are the even numbers, places in the ghost the odd ones.
enum Node {
    Resident(Slot),
    Gone(u32),
}

impl Node {
    fn of(number: Slot) -> Self {
        if number.0.is_multiple_of(2) { Self::Resident(Slot(number.0 / 2)) } else { Self::Gone(number.0 / 2) }
    }

    const fn number(&self) -> Slot {
        match self {
            Self::Resident(slot) => Slot(slot.0 * 2),
            Self::Gone(place) => Slot(*place * 2 + 1),
        }
    }
}

impl Lirs {
    /// For this capacity.
    #[must_use]
    pub fn new(capacity: u64) -> Self {
        Self {
            known: Table::default(),
            stack: List::default(),
            stack_links: Links::default(),
            queue: List::default(),
            queue_links: Links::default(),
            ghost: Ghost::new(capacity.saturating_mul(2)),
            low_weight: 0,
            low_max: Self::low_max(capacity),
        }
    }

    fn low_max(capacity: u64) -> u64 {
        capacity.saturating_sub((capacity / 100).max(1))
    }

    /// Makes room for one more slot, and for twice as many ghosts.
    fn grow(&mut self, slot: Slot) {
        let ghosts = self.known.len() * 2;
        self.ghost.reserve(ghosts);
        self.queue_links.grow_to(slot);
        let place = u32::try_from(ghosts - 1).unwrap_or_else(|_| unreachable!("memory ends before u32"));
        self.stack_links.grow_to(Node::Gone(place).number());
    }

    fn push(&mut self, slot: Slot) {
        self.known[slot].stacked = true;
        self.stack.push_front(&mut self.stack_links, Node::Resident(slot).number());
    }

    fn unstack(&mut self, slot: Slot) {
        if std::mem::take(&mut self.known[slot].stacked) {
            self.stack.unlink(&mut self.stack_links, Node::Resident(slot).number());
        }
    }

    /// Makes an entry low that is on top of the stack and not in the queue.
    fn raise(&mut self, slot: Slot) {
        self.known[slot].low = true;
        self.low_weight += u64::from(self.known[slot].weight);
        self.settle();
    }

    /// Keeps what is low within its share, and something low at the bottom of the stack.
    fn settle(&mut self) {
        self.prune();
        while self.low_weight > self.low_max && self.demote() {}
    }

    /// The low entry at the bottom goes to the queue. Answers whether there was one.
    fn demote(&mut self) -> bool {
        let Some(Node::Resident(slot)) = self.stack.back().map(Node::of) else { return false };
        self.unstack(slot);
        self.known[slot].low = false;
        self.low_weight -= u64::from(self.known[slot].weight);
        self.queue.push_front(&mut self.queue_links, slot);
        self.prune();
        true
    }

    fn prune(&mut self) {
        while let Some(number) = self.stack.back() {
            match Node::of(number) {
                Node::Resident(slot) if self.known[slot].low => return,
                Node::Resident(slot) => self.unstack(slot),
                Node::Gone(place) => self.forget(place),
            }
        }
    }

    fn forget(&mut self, place: u32) {
        self.ghost.release(place);
        self.stack.unlink(&mut self.stack_links, Node::Gone(place).number());
    }

    /// Whether the key is in the stack, of which it is taken.
    fn returns(&mut self, hash: u64) -> bool {
        let Some(place) = self.ghost.find(hash) else { return false };
        self.forget(place);
        true
    }

    /// A stacked resident that is not low left: its ghost takes its place.
    fn haunt(&mut self, slot: Slot) {
        let Known { hash, weight, .. } = self.known[slot];
        self.returns(hash);
        while !self.ghost.has_room(weight) {
            let Some(oldest) = self.ghost.oldest() else { return self.unstack(slot) };
            self.forget(oldest);
        }
        let ghost = Node::Gone(self.ghost.place(hash, weight, 0)).number();
        self.stack.replace(&mut self.stack_links, Node::Resident(slot).number(), ghost);
        self.known[slot].stacked = false;
    }
}

impl EvictionPolicy for Lirs {
    fn on_insert(&mut self, slot: Slot, Admission { key_hash: hash, weight, .. }: Admission) {
        let returns = self.returns(hash);
        self.known.set(slot, Known { hash, weight, low: false, stacked: false });
        self.grow(slot);
        self.push(slot);
        // As long as there is room, all are low: nothing is known of any of them.
        if returns || self.low_weight + u64::from(weight) <= self.low_max {
            self.raise(slot);
        } else {
            self.queue.push_front(&mut self.queue_links, slot);
            self.prune();
        }
    }

    fn on_hit(&mut self, slot: Slot) {
        let Known { low, stacked, .. } = self.known[slot];
        self.unstack(slot);
        self.push(slot);
        if low {
            self.prune();
        } else if stacked {
            self.queue.unlink(&mut self.queue_links, slot);
            self.raise(slot);
        } else {
            self.queue.move_to_front(&mut self.queue_links, slot);
            self.prune();
        }
    }

    fn on_remove(&mut self, slot: Slot, evicted: bool) {
        let Known { weight, low, stacked, .. } = self.known[slot];
        if low {
            self.low_weight -= u64::from(weight);
            self.unstack(slot);
            self.prune();
            return;
        }
        self.queue.unlink(&mut self.queue_links, slot);
        if evicted && stacked {
            self.haunt(slot);
        } else {
            self.unstack(slot);
        }
    }

    fn victim(&mut self) -> Option<Slot> {
        self.queue.back().or_else(|| match Node::of(self.stack.back()?) {
            Node::Resident(slot) => Some(slot),
            Node::Gone(_) => None,
        })
    }

    fn on_refused(&mut self, slot: Slot) {
        if self.known[slot].low {
            self.unstack(slot);
            self.push(slot);
            self.prune();
            return;
        }
        self.queue.move_to_front(&mut self.queue_links, slot);
        if self.queue.back() == Some(slot) {
            // Alone: the lowest of the low goes before it.
            self.demote();
            self.queue.move_to_front(&mut self.queue_links, slot);
        }
    }

    fn on_resize(&mut self, capacity: u64) {
        self.low_max = Self::low_max(capacity);
        let ghost_max = capacity.saturating_mul(2);
        while self.ghost.weight() > ghost_max
            && let Some(oldest) = self.ghost.oldest()
        {
            self.forget(oldest);
        }
        self.ghost.set_weight_max(ghost_max);
        self.settle();
    }
}
