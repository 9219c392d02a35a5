//! Many paths at once: the same as one by one, and no error stops the rest.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use cachefs::stats::Counter;
use cachefs::write_back::{Config, Setup, WriteBack, boot_id};
use cachefs::{CacheFs, Coherence, Prefetch};
use cachefs_testkit::{CallKind, FaultFs, Rule, SplitMix64};
use cachefs_vfs::clock::SystemClock;
use cachefs_vfs::{Errno, MemFs, Vfs, VfsExt};

use support::{Bench, bytes, name, wait_until};

const KIB: usize = 1 << 10;

fn tree(bench: &Bench) -> Vec<String> {
    let mut paths = Vec::new();
    for dir in ["data", "data/deep", "database", "other"] {
        bench.backing.create_dir(dir).unwrap();
        for number in 0..10 {
            let path = format!("{dir}/{number}.{}", if number % 2 == 0 { "rs" } else { "o" });
            bench.backing.write(&path, &bytes(number, 100 * KIB)).unwrap();
            paths.push(path);
        }
    }
    paths
}

/// A cache that holds for ever what it knows, and knows all of it.
fn warm() -> (Bench, Vec<String>) {
    let bench = Bench::new(|cache| cache.coherence(Coherence::Single));
    let paths = tree(&bench);
    for path in &paths {
        bench.cache.read(path).unwrap();
    }
    (bench, paths)
}

/// Which of the paths have all of their bytes in memory.
fn cached<'a>(bench: &Bench, paths: &'a [String]) -> Vec<&'a str> {
    let (stats, errors) = bench.cache.batch_stats(paths);
    assert!(errors.is_empty(), "{errors:?}");
    let whole = |of: &&cachefs::PathStats| of.cached_bytes == of.size;
    let whole: Vec<_> = stats.iter().filter(whole).map(|of| of.path.to_str().unwrap().to_owned()).collect();
    assert!(stats.iter().all(|of| of.cached_bytes == of.size || of.cached_bytes == 0));
    paths.iter().map(String::as_str).filter(|path| whole.iter().any(|other| other == path)).collect()
}

#[test]
fn a_batch_forgets_what_a_loop_would() {
    let (batch, paths) = warm();
    let (alone, _) = warm();
    for bench in [&batch, &alone] {
        // Behind the back of a cache that believes to be alone.
        paths.iter().for_each(|path| bench.backing.write(path, &bytes(77, 3 * KIB)).unwrap());
        bench.backing.remove_file("data/0.rs").unwrap();
    }
    let mut dice = SplitMix64::new(3);
    let mut some: Vec<&str> =
        paths.iter().map(String::as_str).filter(|_| dice.next_u64().is_multiple_of(2)).collect();
    some.extend(["data/0.rs", "data/", "/other/none", "none/none", "data/1.o/none", ""]);
    let report = batch.cache.batch_invalidate(&some);
    assert_eq!((report.done, report.errors.len()), (some.len(), 0), "{:?}", report.errors);
    some.iter().for_each(|path| alone.cache.invalidate(path).unwrap());
    for path in &paths {
        let read = |bench: &Bench| bench.cache.read(path).map_err(|error| error.errno());
        assert_eq!(read(&batch), read(&alone), "{path}");
    }
    let counted = |bench: &Bench| bench.cache.stats().get(Counter::InvalidatedManual);
    assert_eq!(counted(&batch), counted(&alone));
    assert!(batch.cache.usage().bytes - batch.cache.usage().bytes_idle <= alone.cache.usage().bytes);
}

#[test]
fn a_batch_asks_for_a_directory_once() {
    let (bench, paths) = warm();
    bench.counts.reset();
    let report = bench.cache.batch_invalidate(&paths);
    assert_eq!(report.done, paths.len());
    // Each file, and the way to each of the four directories.
    assert_eq!(bench.counts.snapshot().of(CallKind::Stat), 40 + 1 + 2 + 1 + 1);
    assert_eq!(cached(&bench, &paths), [""; 0]);
}

#[test]
fn files_that_another_took_the_name_of_are_forgotten_by_it() {
    let (bench, _) = warm();
    bench.backing.rename("data/2.rs", "data/0.rs").unwrap();
    let before = bench.cache.stats().get(Counter::DataMiss);
    let report = bench.cache.batch_invalidate(["data/0.rs"]);
    assert!(report.errors.is_empty());
    // The file that had the name 2.rs is at 0.rs now, and what was known of it is void, too.
    assert!(bench.cache.read("data/0.rs").unwrap() == bytes(2, 100 * KIB));
    assert_eq!(bench.cache.stats().get(Counter::DataMiss) - before, 2);
}

#[test]
fn one_bad_path_does_not_stop_the_rest() {
    let faults = Arc::new(FaultFs::new(Arc::new(MemFs::new())));
    faults.inner().create_dir_all("d").unwrap();
    (0..5).for_each(|number| faults.inner().write(format!("d/{number}"), b"content").unwrap());
    let cache = CacheFs::builder(faults.clone()).coherence(Coherence::Single).build().unwrap();
    (0..5).for_each(|number| drop(cache.read(format!("d/{number}")).unwrap()));
    let _rule = faults.add(Rule::on(CallKind::Stat).named("3"));
    let paths = ["d/0", "d/1/../2", "d/3", "d/4"];
    let mut report = cache.batch_invalidate(paths);
    report.errors.sort_by(|a, b| a.path.cmp(&b.path));
    let errors: Vec<_> = report.errors.iter().map(|e| (e.path.to_str().unwrap(), e.error.errno())).collect();
    assert_eq!(report.done, 2);
    assert_eq!(errors, [("d/1/../2", Errno::INVAL), ("d/3", Errno::IO)]);
    let told = report.errors[1].error.to_string();
    assert!(told.starts_with("invalidating d/3"), "{told}");
    let (_, errors) = cache.batch_stats(["d/0", "none", "d/4"]);
    assert_eq!(errors.len(), 1);
}

#[test]
fn a_prefix_is_whole_components() {
    let (bench, paths) = warm();
    bench.counts.reset();
    assert_eq!(bench.cache.invalidate_prefix("/data/").unwrap(), 10 + 10 + 2);
    assert_eq!(bench.counts.calls(), 0, "nobody was asked");
    let left = cached(&bench, &paths);
    assert_eq!(left, paths.iter().filter(|path| !path.starts_with("data/")).collect::<Vec<_>>());
    assert_eq!(bench.cache.invalidate_prefix("database/3.o").unwrap(), 1);
    assert_eq!(bench.cache.invalidate_prefix("nothing/here").unwrap(), 0);
    assert_eq!(bench.cache.invalidate_prefix("a/../b").unwrap_err().errno(), Errno::INVAL);
    bench.cache.invalidate_prefix("").unwrap();
    assert_eq!(cached(&bench, &paths), [""; 0]);
}

#[test]
fn names_beneath_a_prefix_are_asked_for_again() {
    let (bench, _) = warm();
    assert!(!bench.cache.exists("data/deep/new").unwrap());
    bench.backing.write("data/deep/new", b"new").unwrap();
    bench.backing.write("data/deep/0.rs", b"changed").unwrap();
    assert!(!bench.cache.exists("data/deep/new").unwrap(), "it believes to be alone");
    bench.cache.invalidate_prefix("data").unwrap();
    assert!(bench.cache.exists("data/deep/new").unwrap());
    assert_eq!(bench.cache.read("data/deep/0.rs").unwrap(), b"changed");
}

#[test]
fn what_may_lie_beneath_a_prefix_is_forgotten_too() {
    let bench = Bench::new(|cache| cache.coherence(Coherence::Single).metadata_entries(64));
    tree(&bench);
    let (other, data) = (bench.backing.dir("other").unwrap(), bench.backing.dir("data").unwrap());
    other.hard_link(name("0.rs"), &*data, name("link")).unwrap();
    // So many names that those of the directories are forgotten, but not all of their files.
    (0..200).for_each(|number| bench.backing.write(format!("other/x{number}"), b"x").unwrap());
    bench.cache.read("data/1.o").unwrap();
    let held = bench.cache.open("data/1.o", cachefs_vfs::OpenHow::new(cachefs_vfs::Access::Read)).unwrap();
    bench.cache.read("other/0.rs").unwrap();
    (0..200).for_each(|number| assert!(bench.cache.exists(format!("other/x{number}")).unwrap()));
    bench.backing.write("data/1.o", b"changed").unwrap();
    bench.backing.write("data/link", b"changed").unwrap();
    bench.cache.invalidate_prefix("data").unwrap();
    let mut read = [0; 7];
    held.read_at(&mut read, 0).unwrap();
    assert_eq!(&read, b"changed");
    assert_eq!(bench.cache.read("other/0.rs").unwrap(), b"changed", "it has a name there");
}

#[test]
fn a_glob_takes_what_matches_and_leaves_what_is_beneath() {
    let (bench, paths) = warm();
    assert!(!bench.cache.exists("data/new.o").unwrap());
    bench.backing.write("data/new.o", b"new").unwrap();
    assert_eq!(bench.cache.invalidate_glob("**/*.o").unwrap(), 20);
    assert_eq!(cached(&bench, &paths), paths.iter().filter(|path| path.ends_with(".rs")).collect::<Vec<_>>());
    assert!(bench.cache.exists("data/new.o").unwrap(), "that there was nothing is forgotten, too");
    assert_eq!(bench.cache.invalidate_glob("dat*").unwrap(), 2, "the directories themselves");
    assert_eq!(cached(&bench, &paths).len(), 20);
    assert_eq!(bench.cache.invalidate_glob("data/**/0.rs").unwrap(), 2);
    assert_eq!(bench.cache.invalidate_glob("a[").unwrap_err().errno(), Errno::INVAL);
}

#[test]
fn stats_tell_what_is_here_and_use_nothing() {
    let bench = Bench::new(|cache| cache.coherence(Coherence::Single));
    bench.backing.write("half", &bytes(1, 256 * KIB)).unwrap();
    bench.backing.write("empty", b"").unwrap();
    let file = bench.cache.open("half", cachefs_vfs::OpenHow::new(cachefs_vfs::Access::Read)).unwrap();
    file.read_at(&mut [0; 128 << 10], 0).unwrap();
    bench.counts.reset();
    let (stats, _) = bench.cache.batch_stats(["half", "empty"]);
    assert_eq!(bench.counts.snapshot().bytes_read, 0);
    let half = &stats[0];
    assert_eq!((half.size, half.cached_bytes, half.cached_percent()), (256 << 10, 128 << 10, 50.0));
    assert_eq!((half.cached_blocks, half.dirty_bytes), (2, None));
    assert_eq!((stats[1].cached_bytes, stats[1].cached_percent()), (0, 100.0));
    let report = bench.cache.batch_invalidate(["half"]);
    assert!(report.errors.is_empty());
    let (after, _) = bench.cache.batch_stats(["half"]);
    assert_eq!(after[0].cached_bytes, 0);
    assert!(after[0].generation != half.generation && after[0].version == half.version);
}

/// A cache over a write-back that flushes nothing by itself.
fn lazy() -> (CacheFs, Arc<MemFs>) {
    let source = Arc::new(MemFs::new());
    source.create_dir_all("d/e").unwrap();
    let config = Config {
        segment_size: 1 << 20,
        flushers: 1,
        flush_after: Duration::from_secs(3600),
        ..Config::default()
    };
    let setup = Setup { config, source: [1; 32], boot: boot_id(), clock: Arc::new(SystemClock) };
    let (write_back, _) = WriteBack::open(source.clone(), MemFs::new().root().unwrap(), setup).unwrap();
    let write_back = Arc::new(write_back);
    let cache = CacheFs::builder(write_back.clone()).write_back(write_back).build().unwrap();
    (cache, source)
}

#[test]
fn dirty_bytes_outlive_every_invalidation_and_are_flushed_by_name() {
    let (cache, source) = lazy();
    let paths: Vec<String> = (0..20).map(|number| format!("d/{number}")).collect();
    for path in &paths {
        cache.write(path, path.repeat(1000).as_bytes()).unwrap();
    }
    cache.write("d/e/deep", b"deep").unwrap();
    let dirty = |path: &str| cache.batch_stats([path]).0[0].dirty_bytes.unwrap();
    assert_eq!(dirty("d/7"), 3000);
    let invalidated = cache.batch_invalidate(&paths);
    assert_eq!(invalidated.done, 20);
    cache.invalidate_prefix("d").unwrap();
    cache.invalidate_glob("**").unwrap();
    cache.clear();
    for path in &paths {
        assert_eq!(cache.read(path).unwrap(), path.repeat(1000).as_bytes());
    }
    assert_eq!(dirty("d/7"), 3000, "still");
    let report = cache.batch_flush(["d/7", "none", "/d/e/"]);
    assert_eq!((report.done, report.errors.len()), (2, 1));
    assert_eq!((dirty("d/7"), dirty("d/8"), dirty("d/e/deep")), (0, 3000, 0));
    assert_eq!(source.read("d/7").unwrap(), "d/7".repeat(1000).as_bytes());
    assert_eq!(source.read("d/e/deep").unwrap(), b"deep");
}

#[test]
fn what_is_prefetched_comes_without_anybody_waiting() {
    let bench = Bench::new(|cache| cache.coherence(Coherence::Single).workers(3));
    let paths = tree(&bench);
    bench.backing.write("large", &bytes(5, 1 << 20)).unwrap();
    assert!(bench.cache.prefetch(paths.iter().chain([&"none".to_owned()])));
    wait_until("all are here", || cached(&bench, &paths).len() == paths.len());
    bench.settle();
    bench.counts.reset();
    for path in &paths {
        bench.cache.read(path).unwrap();
    }
    assert_eq!(bench.counts.snapshot().bytes_read, 0);
    assert!(bench.cache.prefetch([Prefetch::range("large", 100_000..200_000)]));
    let here = || bench.cache.batch_stats(["large"]).0[0].cached_bytes;
    wait_until("the blocks of the range are here", || here() == 3 * (64 << 10));
    let idle = Bench::new(|cache| cache.workers(0));
    assert!(!idle.cache.prefetch(["none"]) && idle.cache.prefetch::<&str>([]));
}
