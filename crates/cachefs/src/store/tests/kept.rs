//! Blocks of files that are pinned, against a plain model: what they were promised stays, whatever comes in, and what is
//! counted of them is what is there.

use std::collections::{HashMap, HashSet};

use super::*;

fn file(inode: u64) -> FileId {
    key(inode, 0).file
}

/// Blocks that the policy does not know of, by file, and their memory.
fn kept_here(store: &Store) -> HashMap<FileId, Room> {
    let mut here = HashMap::<FileId, Room>::new();
    for shard in &store.shards {
        shard.each(|entry| {
            if entry.is_kept() {
                let room = here.entry(entry.key.file).or_default();
                *room = room.plus(Room { bytes: entry.frame.class().bytes(), blocks: 1 });
            }
        });
    }
    here
}

/// What is counted is what is there, of each file and of all, and within the limit.
fn check(store: &Store, pinned: &HashSet<u64>) {
    let here = kept_here(store);
    let (files, held, limit) = store.kept();
    assert_eq!(files, pinned.len());
    assert!(held.fits(limit) && store.kept.promised().fits(limit), "{held:?} of {limit:?}");
    assert_eq!(held, here.values().fold(Room::default(), |sum, room| sum.plus(*room)));
    for inode in 0..8 {
        let is_pinned = pinned.contains(&inode);
        let room = here.get(&file(inode)).copied();
        assert_eq!(store.kept_of(file(inode)), is_pinned.then(|| room.unwrap_or_default()), "file {inode}");
        assert!(is_pinned || room.is_none(), "file {inode} is not pinned");
    }
}

#[test]
fn what_is_kept_outlasts_ten_times_the_memory() {
    for kind in PolicyKind::ALL {
        let (store, _) = store_by(kind, 64 * BLOCK_SIZE, 1000, 2);
        load(&store, key(1, 0), BLOCK_SIZE).expect("room");
        store.keep(file(1), Store::room_of(16 * BLOCK_SIZE as u64)).expect("a quarter");
        store.keep_blocks(file(1), Generation(0), BlockIndex(0)..BlockIndex(16));
        (1..16).for_each(|index| drop(load(&store, key(1, index), BLOCK_SIZE).expect("room")));
        (0..640).for_each(|index| drop(load(&store, key(2, index), BLOCK_SIZE).expect("room")));
        assert!((0..16).all(|index| store.contains(&key(1, index))), "{kind:?}");
        store.let_go(file(1));
        (640..1280).for_each(|index| drop(load(&store, key(2, index), BLOCK_SIZE).expect("room")));
        assert!((0..16).all(|index| !store.contains(&key(1, index))), "{kind:?}: like all others");
        assert_eq!(store.kept().1, Room::default());
    }
}

#[test]
fn a_shard_of_nothing_but_what_is_kept_is_passed_over() {
    let (store, stats) = store(8 * BLOCK_SIZE, 8, 8);
    store.keep(file(1), Store::room_of(2 * BLOCK_SIZE as u64)).expect("room");
    (0..2).for_each(|index| drop(load(&store, key(1, index), BLOCK_SIZE).expect("room")));
    for index in 0..100 {
        load(&store, key(2, index), BLOCK_SIZE).expect("others have six blocks left");
    }
    assert_eq!(stats.snapshot().get(Counter::AdmissionRefused), 0);
    assert!(store.contains(&key(1, 0)) && store.contains(&key(1, 1)));
}

#[test]
fn what_does_not_fit_is_refused_and_what_grows_is_cached() {
    let (store, _) = store(16 * BLOCK_SIZE, 100, 1);
    store.keep(file(1), Store::room_of(3 * BLOCK_SIZE as u64)).expect("three of four");
    let taken = store.keep(file(2), Store::room_of(2 * BLOCK_SIZE as u64)).expect_err("no room");
    assert_eq!(taken, Store::room_of(3 * BLOCK_SIZE as u64));
    assert_eq!(store.kept_of(file(2)), None);
    (0..5).for_each(|index| drop(load(&store, key(1, index), BLOCK_SIZE).expect("room")));
    assert_eq!(store.kept_of(file(1)).map(|room| room.blocks), Some(4), "one more than promised");
    assert!(store.contains(&key(1, 4)), "the rest is cached");
    store.keep(file(1), Store::room_of(BLOCK_SIZE as u64)).expect("less");
    assert_eq!(store.kept_of(file(1)).map(|room| room.blocks), Some(1), "the others are let go of");
    store.keep(file(2), Store::room_of(3 * BLOCK_SIZE as u64)).expect("room again");
}

#[test]
fn less_memory_cuts_the_promises_made_last() {
    let (store, _) = store(16 * BLOCK_SIZE, 100, 2);
    for inode in [1, 2] {
        store.keep(file(inode), Store::room_of(2 * BLOCK_SIZE as u64)).expect("room");
        (0..2).for_each(|index| drop(load(&store, key(inode, index), BLOCK_SIZE).expect("room")));
    }
    store.resize(12 * BLOCK_SIZE);
    check(&store, &HashSet::from([1, 2]));
    assert_eq!([1, 2].map(|inode| store.kept_of(file(inode)).map(|room| room.blocks)), [Some(2), Some(1)]);
    store.resize(0);
    check(&store, &HashSet::from([1, 2]));
    assert_eq!((store.entries(), store.bytes()), (0, 0), "a pin does not hold what there is no memory for");
}

#[test]
fn whatever_happens_it_is_counted_right_and_stays() {
    for (kind, seed) in PolicyKind::ALL.into_iter().zip(1..) {
        let mut dice = Dice(seed * 0x9E37_79B9);
        let (store, _) = store_by(kind, 32 * BLOCK_SIZE, 100, 4);
        let (mut pinned, mut must) = (HashSet::new(), HashSet::new());
        for _ in 0..4000 {
            let (inode, index) = (dice.below(8), dice.below(6));
            match dice.below(24) {
                0 => {
                    // Room for all its blocks, or none at all.
                    if store.keep(file(inode), Store::room_of(6 * BLOCK_SIZE as u64)).is_ok() {
                        pinned.insert(inode);
                        store.keep_blocks(file(inode), Generation(0), BlockIndex(0)..BlockIndex(6));
                        must.extend((0..6).map(|at| key(inode, at)).filter(|key| store.contains(key)));
                    }
                }
                1 => {
                    store.let_go(file(inode));
                    pinned.remove(&inode);
                    must.retain(|key: &BlockKey| key.file != file(inode));
                }
                2 => {
                    store.remove(&key(inode, index));
                    must.remove(&key(inode, index));
                }
                3 => {
                    store.forget_blocks(file(inode), Generation(0), BlockIndex(0)..BlockIndex(3));
                    must.retain(|key: &BlockKey| key.file != file(inode) || key.index.0 >= 3);
                }
                4..8 => drop(store.get(&key(inode, index))),
                _ => {
                    let key = key(inode, index);
                    if load(&store, key, dice.len()).is_some() && pinned.contains(&inode) {
                        must.insert(key);
                    }
                }
            }
            check(&store, &pinned);
            assert!(must.iter().all(|key| store.contains(key)), "{kind:?}: one that was to be kept is gone");
        }
    }
}
