//! With `RUSTFLAGS="--cfg loom" cargo test -p cachefs-sys --lib places` in all orders that threads can run in, with plain
//! tests as often as they meet.

#[cfg(loom)]
use loom::{model, thread};
use std::sync::Arc;
#[cfg(not(loom))]
use std::thread;

use super::Places;

/// Runs it once, or, under the model checker, in all orders that threads can run in.
#[cfg(not(loom))]
fn model(run: impl Fn()) {
    (0..if cfg!(miri) { 20 } else { 2000 }).for_each(|_| run());
}

/// A value whose end can be seen: there are two references as long as it is there.
fn value(number: u64) -> (Arc<u64>, Arc<u64>) {
    let value = Arc::new(number);
    (Arc::clone(&value), value)
}

fn with(value: Arc<u64>) -> Arc<Places<Arc<u64>>> {
    let places = Places::new();
    places.grow_to(0);
    places.put(0, value).expect("free");
    Arc::new(places)
}

#[test]
fn a_taken_value_is_seen_by_nobody_and_a_pinned_one_is_not_taken() {
    model(|| {
        let (mine, theirs) = value(1);
        let places = with(theirs);
        let reader = Arc::clone(&places);
        let reading = thread::spawn(move || reader.pin(0).map(|pinned| **pinned));
        let taken = places.take(0);
        if taken.is_some() {
            places.put(0, Arc::new(2)).expect("free");
        }
        let seen = reading.join().expect("no panic");
        assert!(matches!(seen, None | Some(1 | 2)));
        assert!(seen != Some(2) || taken.is_some());
        drop(taken);
        drop(places);
        assert_eq!(Arc::strong_count(&mine), 1, "dropped once");
    });
}

#[test]
fn a_retired_value_ends_with_its_last_pin_and_only_then_is_the_place_free() {
    model(|| {
        let (mine, theirs) = value(1);
        let places = with(theirs);
        let pinned = places.pin(0).expect("live");
        let reader = Arc::clone(&places);
        let reading = thread::spawn(move || reader.pin(0).map(|pinned| **pinned));
        assert!(pinned.retire() && pinned.is_retired() && !pinned.retire());
        assert!(places.pin(0).is_none() && places.take(0).is_none() && !places.is_free(0));
        assert_eq!(**pinned, 1);
        drop(pinned);
        let _ = places.put(0, Arc::new(2));
        assert!(matches!(reading.join().expect("no panic"), None | Some(1 | 2)));
        assert_eq!(Arc::strong_count(&mine), 1, "nobody has it any more");
    });
}

#[test]
fn two_who_retire_and_one_who_takes_get_it_once() {
    model(|| {
        let (mine, theirs) = value(1);
        let places = with(theirs);
        let others = [0, 1].map(|_| {
            let places = Arc::clone(&places);
            thread::spawn(move || places.pin(0).is_some_and(|pinned| pinned.retire()))
        });
        let taken = places.take(0).is_some();
        let retired = others.into_iter().map(|other| other.join().expect("no panic"));
        let retired = retired.filter(|&retired| retired).count();
        assert_eq!(retired, usize::from(!taken));
        assert!(places.is_free(0));
        assert_eq!(Arc::strong_count(&mine), 1);
    });
}

#[test]
fn places_never_move_however_many_there_are() {
    model(|| {
        let places = Places::new();
        assert!(places.pin(0).is_none() && places.put(0, 7_u32).is_err());
        places.grow_to(0);
        places.put(0, 7).expect("free");
        let first = places.pin(0).expect("live");
        places.grow_to(300);
        for number in [63, 64, 191, 192, 300] {
            assert!(places.is_free(number));
            places.put(number, number).expect("free");
            assert_eq!(places.put(number, 0), Err(0));
        }
        assert!([63, 64, 191, 192, 300].iter().all(|&number| places.take(number) == Some(number)));
        assert_eq!((*first, places.take(0)), (7, None));
        drop(first);
        assert_eq!((places.take(0), places.take(0)), (Some(7), None));
    });
}

#[test]
fn what_is_left_is_dropped_with_the_places() {
    model(|| {
        let (mine, theirs) = value(1);
        let places = with(theirs);
        std::mem::forget(places.pin(0));
        assert!(places.take(0).is_none(), "pinned for good");
        drop(places);
        assert_eq!(Arc::strong_count(&mine), 1);
    });
}
