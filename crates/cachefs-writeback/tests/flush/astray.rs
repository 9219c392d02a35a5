//! Flushes that hang in the backing after whoever asked for them has left: the next to ask is served all the same.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use cachefs_testkit::ReleaseOnDrop;
use cachefs_vfs::Errno;
use cachefs_writeback::{Config, DrainHow, Drained};

use super::bench::{Bench, PATIENCE, config, until};

const HANG: Duration = Duration::from_secs(1);
const LATE: Duration = Duration::from_secs(3600);

/// A bench whose flushers do nothing before it is late.
fn bench(files: usize) -> (Bench, ReleaseOnDrop) {
    let config = Config { flushers: 4, flush_after: LATE, dirty_age: LATE, hang_after: HANG, ..config() };
    Bench::hanging(config, files)
}

/// Flushes what is there until so many hang, and then leaves them.
fn leave(bench: &Bench, hang: &ReleaseOnDrop, waiting: usize) {
    let how = DrainHow::default();
    let cancel = Arc::clone(&how.cancel);
    bench.fs.flush_once(None, &how, &mut |_| {
        bench.clock.advance(HANG);
        cancel.store(hang.waiting() >= waiting, Ordering::Release);
    });
}

fn flush(bench: &Bench, path: &str, deadline: Duration) -> Drained {
    let how = DrainHow { deadline: Some(deadline), ..DrainHow::default() };
    bench.fs.flush_once(Some(Path::new(path)), &how, &mut |_| ())
}

fn why(drained: &Drained) -> Vec<Option<Errno>> {
    drained.remaining.iter().map(|file| file.error.as_ref().map(cachefs_vfs::Error::errno)).collect()
}

#[test]
fn others_are_flushed_though_many_were_left() {
    let (bench, hang) = bench(20);
    leave(&bench, &hang, 16);
    drop(bench.dirty("g", b"soon"));
    let flushed = flush(&bench, "g", PATIENCE);
    assert_eq!((flushed.files, flushed.remaining.len()), (1, 0), "{flushed:?}");
    assert_eq!(bench.beneath("g"), b"soon");
    drop(bench.dirty("h", b"soon"));
    let how = DrainHow { deadline: Some(PATIENCE), ..DrainHow::default() };
    let cancel = Arc::clone(&how.cancel);
    bench.fs.drain(&how, &mut |progress| {
        bench.clock.advance(HANG);
        cancel.store(progress.files_left <= 20, Ordering::Release);
    });
    assert_eq!(bench.beneath("h"), b"soon");
    hang.release();
    bench.flush();
}

#[test]
fn what_hangs_is_told_as_such_and_hurts_no_further_thread() {
    let (bench, hang) = bench(2);
    leave(&bench, &hang, 2);
    bench.clock.advance(HANG);
    for _ in 0..3 {
        let flushed = flush(&bench, "nas", Duration::from_millis(10));
        assert_eq!(why(&flushed), [Some(Errno::TIMEDOUT); 2], "{flushed:?}");
    }
    assert_eq!(hang.waiting(), 2);
    hang.release();
    assert_eq!(flush(&bench, "nas", PATIENCE).remaining, [], "it waits until the source answers");
}

#[test]
fn there_is_a_limit_to_how_many_are_left_and_flushers_go_on() {
    let (bench, hang) = bench(70);
    for _ in 0..500 {
        if hang.waiting() == 64 {
            break;
        }
        let how = DrainHow { deadline: Some(Duration::from_millis(5)), ..DrainHow::default() };
        bench.fs.flush_once(None, &how, &mut |_| bench.clock.advance(HANG));
    }
    assert_eq!(hang.waiting(), 64);
    drop(bench.dirty("g", b"soon"));
    for path in ["nas", "g"] {
        let flushed = flush(&bench, path, Duration::from_millis(20));
        assert!(flushed.remaining.len() == if path == "g" { 1 } else { 70 });
        assert!(why(&flushed).iter().all(|why| *why == Some(Errno::TIMEDOUT)), "{flushed:?}");
    }
    assert_eq!(hang.waiting(), 64, "no more are sent there");
    bench.clock.advance(LATE);
    until("the flushers have it", || {
        bench.clock.advance(HANG / 4);
        bench.beneath("g") == b"soon"
    });
    hang.release();
    bench.flush();
}
