mod kept;
mod storm;

use cachefs_policy::PolicyKind;
use cachefs_vfs::FileId;

use super::*;
use crate::block::{BLOCK_SIZE, BlockIndex, Generation};
use crate::stats::Snapshot;

const KIB: usize = 1024;

fn store(bytes_max: usize, entries_max: usize, shards: usize) -> (Store, Stats) {
    store_by(PolicyKind::Lru, bytes_max, entries_max, shards)
}

fn store_by(kind: PolicyKind, bytes_max: usize, entries_max: usize, shards: usize) -> (Store, Stats) {
    let stats = Stats::new();
    let limits = StoreLimits { bytes_max, entries_max, shards, kept_max: None };
    (Store::new(limits, &move |capacity| kind.build(capacity), stats.clone()), stats)
}

/// One that is told of every hit under the lock, and one that is told late.
const BOTH: [PolicyKind; 2] = [PolicyKind::Lru, PolicyKind::S3Fifo];

fn key(inode: u64, index: u64) -> BlockKey {
    let file = FileId { device: 1, inode, generation: 0 };
    BlockKey { file, generation: Generation(0), index: BlockIndex(index) }
}

/// What the block of this key holds, so that any byte of another key is noticed.
fn fill(key: &BlockKey, bytes: &mut [u8]) {
    for (place, word) in bytes.chunks_mut(8).enumerate() {
        let value = (key.hash64() ^ place as u64).to_le_bytes();
        word.copy_from_slice(&value[..word.len()]);
    }
}

fn is_of(key: &BlockKey, bytes: &[u8]) -> bool {
    bytes.chunks(8).enumerate().all(|(place, word)| {
        let value = (key.hash64() ^ place as u64).to_le_bytes();
        word == &value[..word.len()]
    })
}

fn load(store: &Store, key: BlockKey, len: usize) -> Option<Frame> {
    let mut frame = store.frame(len)?;
    fill(&key, &mut frame);
    let frame = frame.freeze();
    store.insert(key, frame.clone()).then_some(frame)
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn len(&mut self) -> usize {
        let most = 1_u64 << (6 + self.below(11));
        usize::try_from(self.below(most) + 1).expect("small")
    }
}

#[test]
fn what_was_put_in_comes_out_until_it_is_taken_out() {
    let (store, _) = store(1 << 20, 100, 4);
    for index in 0..10 {
        load(&store, key(1, index), 700 + usize::try_from(index).expect("small")).expect("room");
    }
    assert_eq!((store.entries(), store.bytes()), (10, 10 * KIB));
    let frame = store.get(&key(1, 3)).expect("put in");
    assert!(frame.len() == 703 && is_of(&key(1, 3), &frame));
    assert!(store.remove(&key(1, 3)).is_some() && store.remove(&key(1, 3)).is_none());
    assert!(store.get(&key(1, 3)).is_none() && !store.contains(&key(1, 3)) && store.contains(&key(1, 4)));
    assert!(is_of(&key(1, 3), &frame), "who has it keeps it");
    store.clear();
    assert_eq!((store.entries(), store.bytes()), (0, KIB), "all but the one in use");
}

#[test]
fn a_second_insert_replaces_the_first_one() {
    let (store, stats) = store(1 << 20, 1, 1);
    load(&store, key(1, 0), 10).expect("room");
    load(&store, key(1, 0), 5000).expect("room");
    assert_eq!(store.entries(), 1);
    assert_eq!(store.get(&key(1, 0)).map(|frame| frame.len()), Some(5000));
    assert_eq!(stats.snapshot().get(Counter::EvictedForEntries), 0);
}

#[test]
fn the_least_recently_used_block_goes_first() {
    let (store, stats) = store(4 * BLOCK_SIZE, 100, 1);
    (0..4).for_each(|index| drop(load(&store, key(1, index), BLOCK_SIZE).expect("room")));
    assert!(store.get(&key(1, 0)).is_some());
    drop(load(&store, key(1, 4), BLOCK_SIZE).expect("one goes"));
    let left: Vec<u64> = (0..5).filter(|&index| store.contains(&key(1, index))).collect();
    assert_eq!(left, [0, 2, 3, 4]);
    assert_eq!(store.miss_reason(&key(1, 1)), MissReason::Evicted);
    assert_eq!(store.miss_reason(&key(1, 9)), MissReason::Cold);
    drop(load(&store, key(1, 1), BLOCK_SIZE).expect("another goes"));
    drop(store.remove(&key(1, 1)));
    assert_eq!(store.miss_reason(&key(1, 1)), MissReason::Cold, "this time it was taken out");
    let counted =
        |snapshot: Snapshot| (snapshot.get(Counter::EvictedForBytes), snapshot.get(Counter::EvictedBytes));
    assert_eq!(counted(stats.snapshot()), (2, 2 * BLOCK_SIZE as u64));
}

#[test]
fn blocks_in_use_stay_and_others_go_in_their_place() {
    let (store, stats) = store(2 * BLOCK_SIZE, 100, 1);
    let pinned = load(&store, key(1, 0), BLOCK_SIZE).expect("room");
    drop(load(&store, key(1, 1), BLOCK_SIZE).expect("room"));
    let second = load(&store, key(1, 2), BLOCK_SIZE).expect("the unused one goes");
    assert!(store.contains(&key(1, 0)) && !store.contains(&key(1, 1)));
    assert!(store.frame(1).is_none(), "everything is in use");
    assert_eq!(stats.snapshot().get(Counter::AdmissionRefused), 1);
    assert!(is_of(&key(1, 0), &pinned) && is_of(&key(1, 2), &second));
    drop(pinned);
    assert!(store.frame(1).is_some());
}

#[test]
fn small_blocks_make_room_for_a_large_one_and_back() {
    let (store, _) = store(BLOCK_SIZE, 1000, 4);
    (0..64).for_each(|index| drop(load(&store, key(1, index), KIB).expect("room")));
    assert_eq!((store.entries(), store.bytes()), (64, BLOCK_SIZE));
    drop(load(&store, key(2, 0), BLOCK_SIZE).expect("the small ones go"));
    assert_eq!((store.entries(), store.bytes()), (1, BLOCK_SIZE));
    drop(load(&store, key(1, 0), KIB).expect("the large one goes"));
    assert_eq!((store.entries(), store.bytes()), (1, KIB));
}

#[test]
fn limits_of_nothing_hold_nothing() {
    let (no_bytes, _) = store(0, 100, 0);
    assert!(no_bytes.frame(1).is_none());
    let (no_entries, _) = store(1 << 20, 0, 0);
    assert!(load(&no_entries, key(1, 0), 10).is_none());
    assert_eq!((no_entries.entries(), no_entries.bytes_idle()), (0, KIB));
    let (tiny, _) = store(4 * KIB, 10, 0);
    assert!(
        tiny.frame(BLOCK_SIZE).is_none()
            && tiny.frame(BLOCK_SIZE + 1).is_none()
            && tiny.frame(4000).is_some()
    );
}

#[test]
fn a_range_is_forgotten_however_long_it_is() {
    let (store, _) = store(1 << 20, 1000, 4);
    let file = key(1, 0).file;
    for end in [20, u64::MAX] {
        (0..30).for_each(|index| drop(load(&store, key(1, index), 100).expect("room")));
        (0..30).for_each(|index| drop(load(&store, key(2, index), 100).expect("room")));
        store.forget_blocks(file, Generation(1), BlockIndex(0)..BlockIndex(end));
        assert_eq!(store.entries(), 60, "another generation is not meant");
        store.forget_blocks(file, Generation(0), BlockIndex(10)..BlockIndex(end));
        let left = (0..30).filter(|&index| store.contains(&key(1, index))).count();
        assert_eq!((left, store.entries()), (if end == 20 { 20 } else { 10 }, 30 + left));
    }
}

#[test]
fn what_was_loaded_ahead_is_used_or_wasted() {
    let (store, stats) = store(1 << 20, 1000, 1);
    for index in 0..3 {
        let frame = store.frame(1000).expect("room").freeze();
        assert!(store.insert_ahead(key(1, index), frame, index == 2));
    }
    assert!(store.get(&key(1, 0)).is_some() && store.get(&key(1, 0)).is_some());
    (0..3).for_each(|index| drop(store.remove(&key(1, index)).expect("put in")));
    let seen = stats.snapshot();
    let bytes = [Counter::ReadaheadBytes, Counter::ReadaheadUsedBytes, Counter::ReadaheadWastedBytes];
    assert_eq!(bytes.map(|counter| seen.get(counter)), [3000, 2000, 1000]);
}

#[test]
fn a_hit_told_late_counts_as_one_told_at_once() {
    for kind in [PolicyKind::Clock, PolicyKind::Sieve, PolicyKind::S3Fifo] {
        let (store, _) = store_by(kind, 4 * BLOCK_SIZE, 100, 1);
        (0..4).for_each(|index| drop(load(&store, key(1, index), BLOCK_SIZE).expect("room")));
        assert!(store.get(&key(1, 0)).is_some() && store.hit(&key(1, 2)).is_some());
        (4..6).for_each(|index| drop(load(&store, key(1, index), BLOCK_SIZE).expect("one goes")));
        let left: Vec<u64> = (0..6).filter(|&index| store.contains(&key(1, index))).collect();
        assert_eq!(left, [0, 2, 4, 5], "{kind}");
    }
}

#[test]
fn who_looks_at_a_block_keeps_it_and_its_memory() {
    for kind in BOTH {
        let (store, _) = store_by(kind, 2 * BLOCK_SIZE, 100, 1);
        (0..2).for_each(|index| drop(load(&store, key(1, index), BLOCK_SIZE).expect("room")));
        let hit = store.hit(&key(1, 0)).expect("here");
        drop(load(&store, key(1, 2), BLOCK_SIZE).expect("the other one goes"));
        assert!(store.contains(&key(1, 0)) && !store.contains(&key(1, 1)));
        store.clear();
        assert_eq!((store.entries(), store.bytes()), (0, BLOCK_SIZE));
        assert!(is_of(&key(1, 0), &hit) && store.hit(&key(1, 0)).is_none());
        drop(load(&store, key(1, 0), BLOCK_SIZE).expect("beside it"));
        assert!(is_of(&key(1, 0), &hit) && store.frame(BLOCK_SIZE).is_some());
        drop(hit);
        store.clear();
        assert_eq!((store.entries(), store.bytes()), (0, 0), "given back by who looked last");
    }
}
