//! Files whose flush does not come back from the backing: the others are flushed all the same.

use std::time::Duration;

use cachefs_vfs::VfsExt;
use cachefs_writeback::{Config, DrainHow};

use super::bench::{Bench, PATIENCE, config, until};

const SOON: Duration = Duration::from_millis(5);

fn threads(flushers: usize) -> Config {
    Config { flushers, flush_after: SOON, hang_after: Duration::from_secs(1), ..config() }
}

fn flushers(bench: &Bench) -> u64 {
    bench.fs.status().flushers
}

#[test]
fn others_are_flushed_and_all_is_as_before_when_it_ends() {
    let config = threads(2);
    let (bench, hang) = Bench::hanging(config, 3);
    bench.clock.advance(SOON);
    assert!(hang.wait_waiting(2, PATIENCE));
    assert_eq!((bench.fs.status().hanging, flushers(&bench)), (0, 2), "nobody knows yet");
    drop(bench.dirty("g", b"soon"));
    bench.clock.advance(config.hang_after);
    until("the other file is flushed", || {
        bench.beneath("g") == b"soon" && bench.fs.status().dirty_files == 3
    });
    assert!(hang.wait_waiting(3, PATIENCE), "each file hurts one flusher");
    bench.clock.advance(config.hang_after);
    let status = bench.fs.status();
    assert_eq!(status.hanging, 3);
    let mut named: Vec<_> = status.hung.iter().map(|file| file.path.to_str().unwrap()).collect();
    named.sort_unstable();
    assert_eq!(named, ["nas/f0", "nas/f1", "nas/f2"]);
    until("there are as many as should be", || flushers(&bench) == 5);
    for round in 0..20 {
        bench.fs.write("g", format!("round {round}").as_bytes()).unwrap();
        bench.clock.advance(SOON);
        until("the other file is flushed again", || bench.fs.status().dirty_files == 3);
    }
    assert_eq!(hang.waiting(), 3, "nobody else waits for them");
    hang.release();
    until("all is flushed", || bench.fs.status().dirty_files == 0);
    until("those in their place are gone", || flushers(&bench) == 2);
    assert_eq!(bench.fs.status().hanging, 0);
    assert!((0..3).all(|file| bench.beneath(&format!("nas/f{file}")) == b"late"));
}

#[test]
fn there_are_never_more_than_four_times_as_many() {
    let config = threads(2);
    let (bench, hang) = Bench::hanging(config, 12);
    bench.clock.advance(SOON);
    for waiting in [2, 4, 6, 8] {
        assert!(hang.wait_waiting(waiting, PATIENCE), "{waiting}: {:?}", bench.fs.status());
        assert!(flushers(&bench) <= 8);
        bench.clock.advance(config.hang_after);
    }
    until("all of them hang", || bench.fs.status().hanging == 8);
    assert_eq!((flushers(&bench), hang.waiting()), (8, 8));
    hang.release();
    until("all is flushed", || bench.fs.status().dirty_files == 0);
    until("those in their place are gone", || flushers(&bench) == 2);
}

#[test]
fn a_drain_goes_round_what_hangs() {
    for flushers in [0, 2] {
        let config = Config { flush_after: PATIENCE, dirty_age: PATIENCE, ..threads(flushers) };
        let (bench, hang) = Bench::hanging(config, 3);
        for file in 0..10 {
            drop(bench.dirty(&format!("g{file}"), b"soon"));
        }
        let how = DrainHow { deadline: Some(PATIENCE), ..DrainHow::default() };
        let cancel = std::sync::Arc::clone(&how.cancel);
        let drained = bench.fs.drain(&how, &mut |progress| {
            bench.clock.advance(config.hang_after / 4);
            cancel.store(progress.files_left <= 3, std::sync::atomic::Ordering::Release);
        });
        assert!((0..10).all(|file| bench.beneath(&format!("g{file}")) == b"soon"), "{drained:?}");
        assert_eq!(drained.remaining.len(), 3, "{drained:?}");
        hang.release();
        bench.flush();
        assert!((0..3).all(|file| bench.beneath(&format!("nas/f{file}")) == b"late"));
    }
}
