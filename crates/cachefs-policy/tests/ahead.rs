//! Readers of long streams, ahead of which is loaded: what that wastes, and what it leaves of what is used often.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod dice;
mod streams;

use std::collections::HashSet;

use allocation_counter::measure;
use cachefs_policy::{Admission, Ahead, EvictionPolicy, PolicyKind, S3Fifo, Slot};
use dice::Dice;
use streams::{Seen, Streams};

const CAPACITY: u32 = 512;

/// All that hears of an entry hears that it was asked for.
#[derive(Debug)]
struct Plain(Box<dyn EvictionPolicy>);

fn plain(kind: PolicyKind) -> Plain {
    Plain(kind.build(CAPACITY.into()))
}

fn ahead(kind: PolicyKind) -> Ahead {
    Ahead::new(kind.build(CAPACITY.into()), CAPACITY.into())
}

impl Seen for Plain {
    fn insert(&mut self, slot: Slot, entry: Admission, _ahead: bool) {
        self.0.on_insert(slot, entry);
    }
    fn hit(&mut self, slot: Slot) {
        self.0.on_hit(slot);
    }
    fn evict(&mut self) -> Slot {
        let slot = self.0.victim().unwrap();
        self.0.on_remove(slot, true);
        slot
    }
}

impl Seen for Ahead {
    fn insert(&mut self, slot: Slot, entry: Admission, ahead: bool) {
        if ahead { self.on_insert_ahead(slot, entry) } else { self.on_insert(slot, entry) }
    }
    fn hit(&mut self, slot: Slot) {
        self.on_hit(slot);
    }
    fn evict(&mut self) -> Slot {
        let slot = self.victim().unwrap();
        self.on_remove(slot, true);
        slot
    }
}

/// A window is an eighth of the cache at most, and up to one and a half of them lie ahead of a reader.
#[test]
fn no_policy_wastes_more_of_what_is_loaded_ahead_than_lru() {
    for (streams, window) in
        [(1, 64), (2, 64), (3, 64), (4, 64), (6, 64), (8, 64), (8, 16), (16, 16), (40, 4), (80, 4)]
    {
        let lru = Streams::new(CAPACITY, streams, window).run(&mut plain(PolicyKind::Lru), 40_000);
        for kind in PolicyKind::ALL {
            let told = Streams::new(CAPACITY, streams, window).run(&mut ahead(kind), 40_000);
            let (wasted, most) = (told.wasted, lru.wasted);
            assert!(wasted <= most, "{kind}, {streams} streams, {window} ahead: {wasted} wasted, lru {most}");
        }
    }
}

/// What the queue is for: without it the small queue of S3-FIFO, a tenth, is less than what lies ahead of one reader.
#[test]
fn without_a_queue_of_their_own_unread_blocks_are_thrown_out() {
    let without = Streams::new(CAPACITY, 1, 64).run(&mut plain(PolicyKind::S3Fifo), 40_000);
    let with = Streams::new(CAPACITY, 1, 64).run(&mut ahead(PolicyKind::S3Fifo), 40_000);
    assert!(without.wasted > 1000 && with.wasted == 0, "{} without, {} with", without.wasted, with.wasted);
}

/// The first use is no second one: a stream must not drive out what is used again and again.
#[test]
fn streams_leave_what_is_used_often() {
    let hot = |seen: &mut dyn Seen| Streams::new(CAPACITY, 2, 32).with_hot(200).run(seen, 40_000).hot_hits;
    let (lru, with) = (hot(&mut plain(PolicyKind::Lru)), hot(&mut ahead(PolicyKind::S3Fifo)));
    let without = hot(&mut plain(PolicyKind::S3Fifo));
    assert!(with > without + 1000 && with > lru, "{with} hits, {without} without the queue, lru {lru}");
}

/// Who began to read and stopped leaves blocks behind: they are gone once the cache was filled again.
#[test]
fn what_nobody_comes_for_goes() {
    for kind in PolicyKind::ALL {
        let mut policy = ahead(kind);
        let mut unread: HashSet<Slot> = (0..100).map(Slot).collect();
        (0..100).for_each(|slot| policy.insert(Slot(slot), Admission::new(slot.into(), 1), true));
        (100..CAPACITY).for_each(|slot| policy.insert(Slot(slot), Admission::new(slot.into(), 1), false));
        for number in 0..CAPACITY {
            let slot = policy.evict();
            unread.remove(&slot);
            policy.insert(slot, Admission::new((CAPACITY + number).into(), 1), false);
        }
        assert!(unread.is_empty(), "{kind}: {} are left", unread.len());
    }
}

#[test]
fn a_refused_one_is_not_named_again_while_there_are_others() {
    for waiting in [1, 3] {
        let mut policy = Ahead::new(Box::new(S3Fifo::new(4)), 4);
        (0..3).for_each(|slot| policy.on_insert_ahead(Slot(slot), Admission::new(slot.into(), 1)));
        (waiting..3).for_each(|slot| policy.on_hit(Slot(slot)));
        policy.on_resize(0);
        let first = policy.victim().unwrap();
        policy.on_refused(first);
        assert_ne!(policy.victim(), Some(first), "{waiting} waiting");
        (0..3).for_each(|slot| policy.on_remove(Slot(slot), true));
        assert_eq!(policy.victim(), None);
    }
}

#[test]
fn nothing_is_allocated() {
    let (mut streams, mut policy) = (Streams::new(CAPACITY, 3, 32).with_hot(50), ahead(PolicyKind::S3Fifo));
    streams.run(&mut policy, 4000);
    let allocated = measure(|| {
        let mut dice = Dice::new(3);
        let mut slot = Slot(0);
        for number in 0..10_000 {
            policy.on_remove(slot, true);
            policy.insert(slot, Admission::new(number, 1), dice.below(2) == 0);
            slot = policy.victim().unwrap();
        }
    });
    assert_eq!(allocated.count_total, 0);
}
