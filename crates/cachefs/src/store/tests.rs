use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use cachefs_policy::Lru;

use super::*;
use crate::block::BLOCK_SIZE;
use crate::stats::Snapshot;

const KIB: usize = 1024;

fn store(bytes_max: usize, entries_max: usize, shards: usize) -> (Store, Stats) {
    let stats = Stats::new();
    let limits = StoreLimits { bytes_max, entries_max, shards };
    (Store::new(limits, &|_| Box::new(Lru::new()), stats.clone()), stats)
}

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

/// Calls `work` on eight threads, each with dice of its own, until the time is over or one fails.
fn storm(time: Duration, work: impl Fn(&mut Dice) + Sync) {
    let (over, until) = (AtomicBool::new(false), Instant::now() + time);
    std::thread::scope(|scope| {
        for seed in 1..=8 {
            let (over, work) = (&over, &work);
            scope.spawn(move || {
                let mut dice = Dice(0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(seed));
                while !over.load(Ordering::Relaxed) && Instant::now() < until {
                    (0..100).for_each(|_| work(&mut dice));
                }
                over.store(true, Ordering::Relaxed);
            });
        }
    });
}

fn random_key(dice: &mut Dice) -> BlockKey {
    key(dice.below(8), dice.below(16))
}

fn random_step(store: &Store, dice: &mut Dice) {
    let key = random_key(dice);
    match dice.below(16) {
        0 => drop(store.remove(&key)),
        1 if dice.below(64) == 0 => store.clear(),
        1 => store.forget_blocks(
            key.file,
            key.generation,
            key.index..BlockIndex(key.index.0 + dice.below(400)),
        ),
        2..=6 => drop(load(store, key, dice.len())),
        _ => {
            let Some(frame) = store.get(&key) else { return };
            assert!(is_of(&key, &frame), "bytes of another block");
            // Others evict and load meanwhile; what is pinned must not move.
            std::thread::yield_now();
            assert!(is_of(&key, &frame), "a frame was used again under its reader");
        }
    }
}

#[test]
fn readers_see_the_bytes_of_their_key_while_all_is_evicted() {
    let (store, stats) = store(5 * BLOCK_SIZE, 40, 4);
    storm(Duration::from_millis(1500), |dice| random_step(&store, dice));
    let seen = stats.snapshot();
    assert!(seen.get(Counter::EvictedForBytes) > 100 && seen.get(Counter::EvictedForEntries) > 100);
}

#[test]
fn no_limit_is_exceeded_at_any_moment() {
    let (store, _) = store(3 * BLOCK_SIZE + 512, 25, 2);
    storm(Duration::from_millis(1000), |dice| {
        random_step(&store, dice);
        assert!(store.bytes() <= store.capacity() && store.entries() <= store.entries_max());
    });
    // Nothing leaked: what is counted is what is there.
    let frames: Vec<Frame> = (0..8)
        .flat_map(|file| (0..16).map(move |index| key(file, index)))
        .filter_map(|key| store.get(&key))
        .collect();
    let held: usize = frames.iter().map(|frame| frame.class().bytes()).sum();
    assert_eq!((frames.len(), held), (store.entries(), store.bytes() - store.bytes_idle()));
    drop(frames);
    store.clear();
    assert_eq!((store.entries(), store.bytes()), (0, 0));
}

#[test]
fn the_same_key_from_all_sides_is_one_entry() {
    let (store, _) = store(1 << 20, 100, 1);
    storm(Duration::from_millis(500), |dice| {
        load(&store, key(1, 0), 10).expect("room");
        if dice.below(2) == 0 {
            drop(store.remove(&key(1, 0)));
        }
    });
    drop(store.remove(&key(1, 0)));
    assert_eq!(store.entries(), 0);
}
