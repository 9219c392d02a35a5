//! Many threads at once.

use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use super::*;

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
            // For the moment, or for longer.
            let (hit, frame) = match dice.below(2) {
                0 => (store.hit(&key), None),
                _ => (None, store.get(&key)),
            };
            let Some(bytes) = hit.as_deref().or(frame.as_deref()) else { return };
            assert!(is_of(&key, bytes), "bytes of another block");
            // Others evict and load meanwhile; what is pinned must not move.
            std::thread::yield_now();
            assert!(is_of(&key, bytes), "a frame was used again under its reader");
        }
    }
}

#[test]
fn readers_see_the_bytes_of_their_key_while_all_is_evicted() {
    for kind in BOTH {
        let (store, stats) = store_by(kind, 5 * BLOCK_SIZE, 40, 4);
        storm(Duration::from_millis(1500), |dice| random_step(&store, dice));
        let seen = stats.snapshot();
        assert!(seen.get(Counter::EvictedForBytes) > 100 && seen.get(Counter::EvictedForEntries) > 100);
    }
}

#[test]
fn no_limit_is_exceeded_at_any_moment() {
    BOTH.into_iter().for_each(limits_hold);
}

fn limits_hold(kind: PolicyKind) {
    let (store, _) = store_by(kind, 3 * BLOCK_SIZE + 512, 25, 2);
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
