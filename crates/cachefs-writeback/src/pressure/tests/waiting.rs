use std::thread;
use std::time::{Duration, Instant};

use cachefs_vfs::clock::{Clock, ManualClock, SystemClock};

use super::{bytes, pressure};
use crate::extent::Weight;
use crate::pressure::room::Room;
use crate::pressure::{Limits, NoRoom, Pressure};
use crate::sync::{Arc, AtomicUsize, Ordering};

const LONG: Duration = Duration::from_secs(60);

/// Waits until `is_so`, which something else brings about.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        thread::yield_now();
    }
}

fn waiters(pressure: &Pressure) -> usize {
    pressure.state.lock().room.waiters()
}

#[test]
fn what_was_not_used_is_given_back_and_so_is_what_was_replaced() {
    let pressure = pressure(1000, LONG);
    drop(pressure.reserve(100).unwrap());
    assert_eq!(pressure.dirty(), 0);
    pressure.reserve(100).unwrap().used(bytes(0));
    pressure.reserve(100).unwrap().used(bytes(60));
    assert_eq!(pressure.dirty(), 140);
    pressure.give_back(bytes(140));
    assert_eq!((pressure.dirty(), pressure.is_pressed()), (0, false));
}

#[test]
fn more_than_there_may_be_is_refused_at_once() {
    let pressure = pressure(1000, LONG);
    let refused = pressure.reserve(1001).unwrap_err();
    assert_eq!(refused, NoRoom { needed: 1001, dirty: 0, dirty_max: 1000 });
    assert_eq!(waiters(&pressure), 0);
    pressure.reserve(pressure.largest()).unwrap().used(bytes(0));
}

#[test]
fn who_finds_no_room_waits_until_there_is_some() {
    let pressure = pressure(1000, LONG);
    pressure.reserve(900).unwrap().used(bytes(0));
    thread::scope(|scope| {
        let writer = scope.spawn(|| pressure.reserve(300).map(|room| room.used(bytes(0))));
        until("somebody waits", || waiters(&pressure) == 1);
        pressure.give_back(bytes(100));
        assert_eq!(waiters(&pressure), 1, "that was not enough");
        pressure.give_back(bytes(100));
        writer.join().unwrap().unwrap();
    });
    assert_eq!(pressure.dirty(), 1000);
}

#[test]
fn small_writes_do_not_overtake_a_large_one_for_ever() {
    let pressure = pressure(1000, LONG);
    pressure.reserve(900).unwrap().used(bytes(0));
    thread::scope(|scope| {
        for (waiting, count) in [(1, 800), (2, 10), (3, 20)] {
            let pressure = &pressure;
            scope.spawn(move || pressure.reserve(count).unwrap().used(bytes(0)));
            until("the next one waits, though it would fit", || waiters(pressure) == waiting);
        }
        pressure.give_back(bytes(500));
        assert_eq!(pressure.dirty(), 400, "the first one has no room, the others are not first");
        pressure.give_back(bytes(300));
    });
    assert_eq!((pressure.dirty(), waiters(&pressure)), (930, 0));
}

#[test]
fn room_is_given_in_the_order_of_coming() {
    let mut room = Room::new(bytes(1000));
    room.add(bytes(900));
    let (large, small) = (room.wait(), room.wait());
    assert!(!room.take(bytes(1)), "others wait");
    assert!(!room.take_for(large, bytes(800)) && !room.take_for(small, bytes(10)));
    room.leave(large);
    assert!(room.take_for(small, bytes(10)) && room.take(bytes(1)));
    assert_eq!((room.taken().bytes, room.waiters()), (911, 0));
}

#[test]
fn a_wait_ends_and_lets_the_next_one_pass() {
    let pressure = pressure(1000, Duration::from_millis(200));
    pressure.reserve(900).unwrap().used(bytes(0));
    thread::scope(|scope| {
        let large = scope.spawn(|| pressure.reserve(500).map(|room| room.used(bytes(0))));
        until("the large one waits", || waiters(&pressure) == 1);
        let refused = large.join().unwrap().unwrap_err();
        assert_eq!(refused, NoRoom { needed: 500, dirty: 900, dirty_max: 1000 });
        assert_eq!(waiters(&pressure), 0);
        pressure.reserve(100).unwrap().used(bytes(0));
    });
    assert!(pressure.throttled() >= Duration::from_millis(200), "{:?}", pressure.throttled());
}

#[test]
fn the_wait_is_measured_by_the_clock_given() {
    let clock = Arc::new(ManualClock::new());
    let limits = Limits { dirty_max: 1000, extents_max: u64::MAX, room_wait: LONG };
    let pressure = Pressure::new(limits, Arc::clone(&clock) as Arc<dyn Clock>, || ());
    pressure.reserve(1000).unwrap().used(bytes(0));
    thread::scope(|scope| {
        let writer = scope.spawn(|| pressure.reserve(1).is_err());
        until("it waits", || waiters(&pressure) == 1);
        clock.advance(LONG);
        assert!(writer.join().unwrap());
    });
}

#[test]
fn flushing_is_urged_at_half_and_when_somebody_finds_no_room() {
    let urged = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&urged);
    let limits = Limits { dirty_max: 1000, extents_max: u64::MAX, room_wait: Duration::from_millis(1) };
    let pressure = Pressure::new(limits, Arc::new(SystemClock), move || {
        count.fetch_add(1, Ordering::SeqCst);
    });
    let urged = || urged.load(Ordering::SeqCst);
    pressure.reserve(499).unwrap().used(bytes(0));
    assert_eq!((urged(), pressure.is_pressed()), (0, false));
    pressure.reserve(1).unwrap().used(bytes(0));
    assert_eq!((urged(), pressure.is_pressed()), (1, true));
    pressure.reserve(1).unwrap().used(bytes(0));
    assert_eq!(urged(), 1, "once is enough");
    pressure.reserve(900).unwrap_err();
    assert_eq!(urged(), 2);
}

#[test]
fn bytes_found_at_the_start_may_pass_the_limit() {
    let pressure = pressure(1000, Duration::from_millis(1));
    pressure.add(bytes(5000));
    assert!(pressure.is_pressed());
    pressure.reserve(1).unwrap_err();
    pressure.give_back(bytes(4500));
    pressure.reserve(1).unwrap().used(bytes(0));
}

#[test]
fn a_stir_wakes_who_waits_for_it() {
    let pressure = pressure(1000, LONG);
    let seen = pressure.stirred();
    assert!(!pressure.wait_stirred(seen, Duration::from_millis(1)));
    thread::scope(|scope| {
        let waiter = scope.spawn(|| pressure.wait_stirred(seen, LONG));
        pressure.stir();
        assert!(waiter.join().unwrap());
    });
    let seen = pressure.stirred();
    pressure.reserve(10).unwrap().used(bytes(0));
    assert_eq!(pressure.stirred(), seen, "taking is no news");
    pressure.give_back(bytes(10));
    assert_ne!(pressure.stirred(), seen);
}

#[test]
fn writers_and_flushers_at_full_speed_never_pass_the_limit() {
    const MAX: u64 = 1 << 20;
    let pressure = pressure(MAX, LONG);
    let (sender, flush) = crossbeam_channel::unbounded();
    thread::scope(|scope| {
        for _ in 0..4 {
            let flush = flush.clone();
            scope.spawn(|| {
                let flushing = pressure.flushing();
                for bytes in flush {
                    assert!(pressure.dirty() <= MAX);
                    flushing.wrote(super::bytes(bytes));
                    pressure.give_back(super::bytes(bytes));
                }
            });
        }
        drop(flush);
        for _ in 0..4 {
            let (sender, pressure) = (sender.clone(), &pressure);
            scope.spawn(move || {
                for _ in 0..500 {
                    pressure.reserve(MAX / 16).unwrap().used(bytes(0));
                    assert!(pressure.dirty() <= MAX);
                    sender.send(MAX / 16).unwrap();
                }
            });
        }
        drop(sender);
    });
    assert_eq!(pressure.dirty(), 0);
}

#[test]
fn a_clock_that_stands_still_does_not_add_up_delays() {
    let clock = Arc::new(ManualClock::new());
    let limits = Limits { dirty_max: 64 << 20, extents_max: u64::MAX, room_wait: LONG };
    let pressure = Pressure::new(limits, clock, || ());
    pressure.add(bytes(45 << 20));
    for _ in 0..100 {
        drop(pressure.reserve(1 << 20).unwrap());
    }
    assert!(pressure.throttled() < Duration::from_secs(2), "{:?}", pressure.throttled());
    assert!(pressure.throttled() > Duration::from_millis(100), "{:?}", pressure.throttled());
}

#[test]
fn writes_of_few_bytes_are_held_to_the_number_of_extents() {
    let limits = Limits { dirty_max: 1 << 30, extents_max: 100, room_wait: LONG };
    let pressure = Pressure::new(limits, Arc::new(SystemClock), || ());
    let one_more = Weight { bytes: 0, extents: 1 };
    for _ in 0..49 {
        pressure.reserve(10).unwrap().used(one_more);
    }
    assert_eq!((pressure.weight(), pressure.is_pressed()), (Weight { bytes: 490, extents: 49 }, false));
    for _ in 0..50 {
        pressure.reserve(10).unwrap().used(one_more);
    }
    assert!(pressure.is_pressed() && !pressure.has_room(10), "a write may split one, and make two more");
    thread::scope(|scope| {
        let writer = scope.spawn(|| pressure.reserve(10).map(|room| room.used(one_more)));
        until("somebody waits", || waiters(&pressure) == 1);
        pressure.give_back(bytes(100));
        assert_eq!(waiters(&pressure), 1, "it is not the bytes");
        pressure.give_back(one_more);
        writer.join().unwrap().unwrap();
    });
    assert_eq!(pressure.weight().extents, 99);
}
