//! The policies again, as plainly as they can be said: vectors, searched from end to end.

pub(crate) mod arc;
pub(crate) mod clock;
pub(crate) mod fifo;
pub(crate) mod gdsf;
pub(crate) mod hybrid;
pub(crate) mod lfu;
pub(crate) mod lirs;
pub(crate) mod lru;
pub(crate) mod lru2;
pub(crate) mod ranked;
pub(crate) mod s3fifo;
pub(crate) mod sieve;
pub(crate) mod ttl;
pub(crate) mod two_q;
pub(crate) mod wtinylfu;

use cachefs_policy::{Admission, Slot};

/// An entry, or what a ghost keeps of one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item {
    pub(crate) slot: Slot,
    pub(crate) hash: u64,
    pub(crate) weight: u64,
    /// Hits, or a mark, as the policy needs it.
    pub(crate) hits: u64,
}

impl Item {
    pub(crate) fn new(slot: Slot, entry: Admission) -> Self {
        Self { slot, hash: entry.key_hash, weight: entry.weight.into(), hits: 0 }
    }
}

/// Oldest first.
pub(crate) type Line = Vec<Item>;

pub(crate) fn take(line: &mut Line, slot: Slot) -> Option<Item> {
    let at = line.iter().position(|item| item.slot == slot)?;
    Some(line.remove(at))
}

pub(crate) fn has(line: &Line, slot: Slot) -> bool {
    line.iter().any(|item| item.slot == slot)
}

pub(crate) fn weight(line: &Line) -> u64 {
    line.iter().map(|item| item.weight).sum()
}

/// Takes a key out of a ghost.
pub(crate) fn take_key(ghost: &mut Line, hash: u64) -> bool {
    let before = ghost.len();
    ghost.retain(|item| item.hash != hash);
    ghost.len() < before
}

/// Puts an evicted item into a ghost with these limits.
pub(crate) fn remember(ghost: &mut Line, item: Item, count_max: usize, weight_max: u64) {
    take_key(ghost, item.hash);
    if item.weight > weight_max {
        return;
    }
    ghost.push(item);
    while ghost.len() > count_max || weight(ghost) > weight_max {
        ghost.remove(0);
    }
}

/// Forgets until the limit is kept.
pub(crate) fn shrink(ghost: &mut Line, weight_max: u64) {
    while weight(ghost) > weight_max {
        ghost.remove(0);
    }
}

/// A refused victim becomes the youngest of its line, or of the other one if it is alone in its own.
pub(crate) fn refuse(own: &mut Line, other: &mut Line, slot: Slot) {
    let item = take(own, slot).unwrap();
    if own.is_empty() { other.push(item) } else { own.push(item) }
}
