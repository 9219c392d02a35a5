//! Warming many files: what is told of it is true, it stops when told to, and waits for many at a time.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cachefs::{CacheFs, Cancel, Coherence, Warm, WarmPriority};
use cachefs_testkit::{CallKind, CountFs, SlowFs};
use cachefs_vfs::{MemFs, Vfs, VfsExt};

const KIB: usize = 1 << 10;

/// So many files of 4 KiB, in directories of a hundred, behind a backing that takes so long for a call and counts.
fn slow(files: u64, latency: Duration) -> (CacheFs, Arc<CountFs>) {
    let memory = Arc::new(MemFs::new());
    for number in 0..files {
        if number.is_multiple_of(100) {
            memory.create_dir(format!("d{}", number / 100)).unwrap();
        }
        memory.write(format!("d{}/{number}", number / 100), &[7; 4 * KIB]).unwrap();
    }
    let counts = Arc::new(CountFs::new(memory));
    let slow: Arc<dyn Vfs> = Arc::new(SlowFs::new(counts.clone()).latency(latency));
    let cache = CacheFs::builder(slow).coherence(Coherence::Single).readahead(0).build().unwrap();
    (cache, counts)
}

#[test]
fn progress_is_true_at_every_report() {
    const FILES: u64 = 10_000;
    let (cache, counts) = slow(FILES, Duration::from_micros(200));
    let (reports, worst, last) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let report = cache.warm(&Warm::new(["**"]).workers(16), &|now| {
        let truth = counts.snapshot().of(CallKind::ReadMany) + counts.snapshot().of(CallKind::Read);
        worst.fetch_max(
            truth.abs_diff(now.done()).max((truth * 4096).abs_diff(now.bytes) / 4096),
            Ordering::SeqCst,
        );
        reports.fetch_add(1, Ordering::SeqCst);
        last.fetch_max(now.done(), Ordering::SeqCst);
        assert!(now.found >= now.done());
        if now.done() == FILES {
            assert_eq!(now.time_left(), Some(Duration::ZERO));
            assert!(now.rate() > 0.0);
        }
    });
    assert_eq!((report.total.files, report.total.bytes), (FILES, FILES * 4096));
    assert!(report.total.all_found && report.errors.is_empty());
    assert_eq!((reports.into_inner(), last.into_inner()), (FILES, FILES));
    let worst = worst.into_inner();
    assert!(worst <= FILES / 50, "wrong by {worst} files");
    let calls = counts.snapshot().of(CallKind::Open) + counts.snapshot().of(CallKind::Stat);
    assert!(calls <= FILES + 2 * 100 + 2, "each file is opened, and no more: {calls}");
}

#[test]
fn cancelled_in_the_background_it_ends_with_the_calls_under_way() {
    let (cache, _) = slow(2000, Duration::from_millis(5));
    let (sender, some) = std::sync::mpsc::sync_channel(1);
    let warming = cache
        .warm_async(Warm::new(["**"]).workers(2), move |now| {
            if now.files == 5 {
                let _nobody_waits_any_more = sender.try_send(());
            }
        })
        .unwrap();
    some.recv().unwrap();
    warming.cancel();
    let report = warming.wait();
    assert!(report.cancelled && report.total.files < 200, "{:?}", report.total);
}

#[test]
fn files_are_waited_for_side_by_side() {
    for workers in [1, 2, 12] {
        let (cache, _) = slow(400, Duration::from_millis(2));
        let most = AtomicU64::new(0);
        let report = cache.warm(&Warm::new(["**"]).workers(workers), &|_| {
            most.fetch_max(cache.usage().backing_in_flight as u64 + 1, Ordering::SeqCst);
        });
        assert_eq!(report.total.files, 400);
        // One is at its report, the others are at the backing; with one worker, another one finds the files.
        let (most, workers) = (most.into_inner(), workers as u64);
        assert!(most > workers / 2 && most <= workers + 1, "{most} of {workers}");
    }
}

#[test]
fn the_urgent_comes_first_and_the_rest_only_where_there_is_room() {
    let memory = Arc::new(MemFs::new());
    for name in ["a", "b", "c", "d"] {
        memory.create_dir(name).unwrap();
        (0..10).for_each(|number| memory.write(format!("{name}/{number}"), &[7; 64 * KIB]).unwrap());
    }
    let counts = Arc::new(CountFs::new(memory));
    // 25 of the 40 fit.
    let cache = CacheFs::builder(counts).memory(25 * 64 * KIB).readahead(0).build().unwrap();
    let request = Warm::new(["b"]).globs(WarmPriority::Low, ["c", "d/*"]).globs(WarmPriority::High, ["a"]);
    let missing = request.paths(WarmPriority::High, ["a/none", "none/none"]);
    let report = cache.warm(&missing.workers(1), &|_| {});
    let total = report.total;
    assert_eq!((total.files, total.skipped, total.missing, total.errors), (25, 15, 2, 0));
    assert!(!report.full && total.found == 42 && total.done() == 42);
    let paths = ["a", "b", "c", "d"].map(|name| (0..10).map(move |number| format!("{name}/{number}")));
    let (stats, _) = cache.batch_stats(paths.into_iter().flatten());
    assert!(stats[..25].iter().all(|of| of.cached_bytes == of.size), "nothing urgent had to go");
}

#[test]
fn a_list_is_taken_by_the_letter() {
    let memory = Arc::new(MemFs::new());
    for name in ["[a]*", "plain", "a"] {
        memory.write(name, b"content").unwrap();
    }
    let cache = CacheFs::builder(memory).build().unwrap();
    let request =
        Warm::new::<String>([]).paths(WarmPriority::Normal, ["[a]*", "plain"]).cancel(Cancel::new());
    let report = cache.warm(&request, &|_| {});
    assert_eq!((report.total.files, report.total.bytes, report.unmatched.len()), (2, 14, 0));
    let metadata = cache.warm(&request.clone().metadata_only(true), &|_| {});
    assert_eq!((metadata.total.files, metadata.total.bytes), (2, 0));
}
