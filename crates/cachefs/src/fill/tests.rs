use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cachefs_vfs::{Errno, FileId};

use super::*;
use crate::block::{BlockIndex, BufferPool, Generation};

fn key(index: u64) -> BlockKey {
    let file = FileId { device: 1, inode: 2, generation: 3 };
    BlockKey { file, generation: Generation(0), index: BlockIndex(index) }
}

fn frame(text: &[u8]) -> Frame {
    let mut frame = BufferPool::new(1024).take(text.len()).expect("room");
    frame.copy_from_slice(text);
    frame.freeze()
}

fn lead(fills: &Fills, index: u64) -> Lead {
    match fills.begin(key(index)) {
        Turn::Lead(lead) => lead,
        Turn::Follow(_) => panic!("somebody leads already"),
    }
}

fn follow(fills: &Fills, index: u64) -> Follow {
    match fills.begin(key(index)) {
        Turn::Follow(follow) => follow,
        Turn::Lead(_) => panic!("nobody leads"),
    }
}

/// Waits until so many followers have begun to wait.
fn await_waiting(stats: &Stats, count: u64) {
    let until = Instant::now() + Duration::from_secs(20);
    while stats.snapshot().get(Counter::Coalesced) < count {
        assert!(Instant::now() < until, "followers do not come");
        std::thread::yield_now();
    }
}

#[test]
fn of_sixteen_threads_one_loads() {
    let stats = Stats::new();
    let fills = Fills::new(stats.clone());
    let (loads, start) = (AtomicUsize::new(0), Barrier::new(16));
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                start.wait();
                match fills.begin(key(7)) {
                    Turn::Lead(lead) => {
                        loads.fetch_add(1, Ordering::SeqCst);
                        await_waiting(&stats, 15);
                        lead.finish(Ok(frame(b"bytes")));
                    }
                    Turn::Follow(follow) => {
                        let got = follow.wait().expect("no error").expect("not given up");
                        assert_eq!(&*got, b"bytes");
                    }
                }
            });
        }
    });
    assert_eq!((loads.load(Ordering::SeqCst), fills.in_flight()), (1, 0));
}

#[test]
fn a_failed_load_fails_for_all_who_wait_and_for_nobody_after() {
    let fills = Fills::new(Stats::new());
    let (leader, follower) = (lead(&fills, 1), follow(&fills, 1));
    leader.finish(Err(Error::new(Errno::IO)));
    assert_eq!(follower.wait().expect_err("the leader's").errno(), Errno::IO);
    drop(lead(&fills, 1));
}

#[test]
fn a_leader_that_panics_wakes_its_followers_to_try_again() {
    let stats = Stats::new();
    let fills = Fills::new(stats.clone());
    let leader = lead(&fills, 1);
    std::thread::scope(|scope| {
        let follower = scope.spawn(|| follow(&fills, 1).wait());
        let doomed = scope.spawn(|| {
            let _leader = leader;
            await_waiting(&stats, 1);
            std::panic::resume_unwind(Box::new("on purpose"));
        });
        assert!(doomed.join().is_err());
        assert_eq!(follower.join().expect("no panic").expect("no error").map(|_| ()), None);
    });
    lead(&fills, 1).finish(Ok(frame(b"second")));
    assert_eq!(fills.in_flight(), 0);
}

#[test]
fn a_run_is_led_together_and_each_block_ends_for_itself() {
    let fills = Fills::new(Stats::new());
    let mut run: Vec<Lead> = (0..4).map(|index| lead(&fills, index)).collect();
    let (first, last) = (follow(&fills, 0), follow(&fills, 3));
    assert_eq!(fills.in_flight(), 4);
    assert!(run[0].is_awaited() && !run[1].is_awaited());
    let head = run.remove(0);
    assert_eq!(head.key(), key(0));
    head.finish(Ok(frame(b"0")));
    assert!(first.wait().expect("no error").is_some());
    drop(run);
    assert!(last.wait().expect("no error").is_none());
    assert_eq!(fills.in_flight(), 0);
}

#[test]
fn nobody_waits_inside_a_nowait_scope() {
    let stats = Stats::new();
    let fills = Fills::new(stats.clone());
    let (leader, follower) = (lead(&fills, 1), follow(&fills, 1));
    let refused = nowait::scope(|| follower.wait()).expect_err("it would block");
    assert_eq!(refused.errno(), Errno::WOULDBLOCK);
    assert_eq!(stats.snapshot().get(Counter::Coalesced), 0);
    leader.finish(Ok(frame(b"x")));
    assert!(nowait::scope(|| follower.wait()).expect("it is there by now").is_some());
}

/// Eight threads want the same few blocks over and over; leaders load, fail, give up or panic.
#[test]
fn there_is_never_more_than_one_leader_of_a_block() {
    const BLOCKS: u64 = 3;
    let stats = Stats::new();
    let fills = Fills::new(stats.clone());
    let leaders: Vec<AtomicUsize> = (0..BLOCKS).map(|_| AtomicUsize::new(0)).collect();
    let led = AtomicUsize::new(0);
    let turn = |number: u64| {
        let index = number % BLOCKS;
        let present = &leaders[usize::try_from(index).expect("small")];
        match fills.begin(key(index)) {
            Turn::Lead(lead) => {
                assert_eq!(present.fetch_add(1, Ordering::SeqCst), 0, "a second leader");
                led.fetch_add(1, Ordering::SeqCst);
                std::thread::yield_now();
                assert_eq!(present.fetch_sub(1, Ordering::SeqCst), 1);
                match number % 5 {
                    0 => drop(lead),
                    1 => lead.finish(Err(Error::new(Errno::IO))),
                    _ => lead.finish(Ok(frame(&index.to_le_bytes()))),
                }
            }
            Turn::Follow(follow) => match follow.wait() {
                Ok(Some(frame)) => assert_eq!(&*frame, &index.to_le_bytes()),
                Ok(None) => {}
                Err(error) => assert_eq!(error.errno(), Errno::IO),
            },
        }
    };
    std::thread::scope(|scope| {
        for seed in 0..8 {
            let turn = &turn;
            scope.spawn(move || (0..3000).for_each(|number| turn(seed * 31 + number)));
        }
    });
    let followed = usize::try_from(stats.snapshot().get(Counter::Coalesced)).expect("small");
    assert_eq!((led.load(Ordering::SeqCst) + followed, fills.in_flight()), (8 * 3000, 0));
}
