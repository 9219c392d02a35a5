//! Warming reads what matches, once, within its limits.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cachefs::{CacheFs, Cancel, Warm};
use cachefs_testkit::{CallKind, FaultFs, Rule};
use cachefs_vfs::{Errno, MemFs, VfsExt};

use support::{Bench, bytes};

const KIB: usize = 1 << 10;

fn tree(bench: &Bench) {
    for dir in ["src", "src/deep", "other"] {
        bench.backing.create_dir(dir).unwrap();
        for number in 0..20 {
            let path = format!("{dir}/{number}.rs");
            bench.backing.write(path, &bytes(number, 10 * KIB)).unwrap();
        }
    }
}

#[test]
fn what_matches_is_here_afterwards() {
    let bench = Bench::new(|cache| cache);
    tree(&bench);
    let calls = AtomicU64::new(0);
    let request = Warm::new(["src", "src/**", "other/1*.rs", "none/*"]).workers(3);
    let report = bench.cache.warm(&request, &|_| {
        calls.fetch_add(1, Ordering::Relaxed);
    });
    assert_eq!(report.unmatched, ["none/*"]);
    assert!(report.errors.is_empty() && !report.full && !report.cancelled);
    // The second pattern matches what the first one brought, file by file.
    assert_eq!(report.total.files, 40 + 40 + 11);
    assert_eq!(calls.into_inner(), report.total.files);
    bench.counts.reset();
    for dir in ["src", "src/deep"] {
        for number in 0..20 {
            assert!(bench.cache.read(format!("{dir}/{number}.rs")).unwrap() == bytes(number, 10 * KIB));
        }
    }
    assert_eq!(bench.counts.snapshot().called(), []);
}

#[test]
fn only_attributes_when_told_so() {
    let bench = Bench::new(|cache| cache);
    tree(&bench);
    let report = bench.cache.warm(&Warm::new(["src"]).metadata_only(true), &|_| {});
    assert_eq!((report.total.files, report.total.bytes), (40, 0));
    assert_eq!(bench.counts.snapshot().bytes_read, 0);
    bench.counts.reset();
    bench.cache.stat("src/deep/7.rs").unwrap();
    assert_eq!(bench.counts.calls(), 0);
}

#[test]
fn it_stops_at_its_limit_and_when_cancelled() {
    let bench = Bench::new(|cache| cache);
    tree(&bench);
    let report = bench.cache.warm(&Warm::new(["**"]).bytes_max(95 * KIB as u64).workers(1), &|_| {});
    assert!(report.full);
    assert_eq!(report.total.bytes, 90 * KIB as u64);
    let cancel = Cancel::new();
    let request = Warm::new(["**"]).workers(1).cancel(cancel.clone());
    let report = bench.cache.warm(&request, &|progress| {
        if progress.files == 5 {
            cancel.cancel();
        }
    });
    assert!(report.cancelled && report.total.files < 20, "{:?}", report.total);
}

#[test]
fn files_that_fail_are_named_and_do_not_stop_it() {
    let faults = Arc::new(FaultFs::new(Arc::new(MemFs::new())));
    let cache = CacheFs::builder(faults.clone()).build().unwrap();
    for number in 0..10 {
        faults.inner().write(format!("file{number}"), b"content").unwrap();
    }
    let _rule = faults.add(Rule::on(CallKind::ReadMany).named("file3"));
    let report = cache.warm(&Warm::new(["file*", "a["]).errors_max(10), &|_| {});
    assert_eq!((report.total.files, report.total.errors), (9, 2));
    let mut failed: Vec<_> =
        report.errors.iter().map(|e| (e.path.to_str().unwrap(), e.error.errno())).collect();
    failed.sort_unstable_by_key(|(path, _)| *path);
    assert_eq!(failed, [("a[", Errno::INVAL), ("file3", Errno::IO)]);
}
