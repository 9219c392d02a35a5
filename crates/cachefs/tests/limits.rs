//! Limits hold at every moment.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use cachefs::{BuildError, CacheFs};
use cachefs_testkit::{CallKind, SplitMix64};
use cachefs_vfs::{Access, CreateHow, LocalFs, Mode, OpenHow, Owner, Privileges, RemoveKind, Vfs, VfsExt};

use support::{Bench, bytes, name};

const KIB: usize = 1 << 10;

/// Asserts what must be true of the cache at any time.
fn check(cache: &CacheFs) {
    let usage = cache.usage();
    assert!(usage.bytes <= usage.bytes_max, "{usage:?}");
    assert!(usage.blocks <= usage.blocks_max, "{usage:?}");
    assert!(usage.names <= usage.metadata_max / 2, "{usage:?}");
    assert!(usage.listing_entries <= usage.listing_entries_max, "{usage:?}");
}

#[test]
fn a_crowd_of_readers_stays_within_all_limits() {
    let bench = Bench::new(|cache| {
        cache.memory(512 * KIB).block_entries(20).metadata_entries(64).listing_entries(100).handles_max(8)
    });
    for number in 0..100_u64 {
        bench.backing.create_dir(format!("d{number}")).unwrap();
        let length = usize::try_from(number).unwrap() * 3 * KIB;
        bench.backing.write(format!("d{number}/file"), &bytes(number, length)).unwrap();
    }
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let watch = scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                check(&bench.cache);
            }
        });
        let readers: Vec<_> = (0..4)
            .map(|seed| {
                let cache = &bench.cache;
                scope.spawn(move || {
                    let mut dice = SplitMix64::new(seed);
                    for _ in 0..500 {
                        let number = dice.below(100);
                        let content = cache.read(format!("d{number}/file")).unwrap();
                        assert!(content == bytes(number, content.len()));
                        assert_eq!(content.len() as u64, number * 3 * KIB as u64);
                        cache.list("").unwrap();
                    }
                })
            })
            .collect();
        readers.into_iter().for_each(|reader| reader.join().unwrap());
        over.store(true, Ordering::Relaxed);
        watch.join().unwrap();
    });
    let usage = bench.cache.usage();
    assert!(usage.attributes <= 32 + 1, "nobody holds any but the root: {usage:?}");
    assert!(usage.backing_handles <= 8, "{usage:?}");
    assert_eq!((usage.handles, usage.backing_in_flight), (0, 0));
}

#[test]
fn without_memory_everything_still_works() {
    let bench = Bench::new(|cache| cache.memory(0));
    let content = bytes(1, 300 * KIB);
    bench.cache.write("file", &content).unwrap();
    assert!(bench.cache.read("file").unwrap() == content);
    assert_eq!(bench.cache.usage().bytes, 0);
}

#[test]
fn a_cache_without_room_for_metadata_is_refused() {
    let backing = std::sync::Arc::new(cachefs_vfs::MemFs::new());
    let error = CacheFs::builder(backing).metadata_entries(3).build().unwrap_err();
    assert!(matches!(error, BuildError::Limit { given: 3, .. }), "{error}");
    assert_eq!(error.to_string(), "metadata entries must be at least 16, not 3");
}

#[test]
fn a_hundred_thousand_files_leave_no_more_than_the_limit() {
    let bench = Bench::new(|cache| cache.metadata_entries(4096).handles_max(16));
    bench.cache.create_dir("dir").unwrap();
    for number in 0..100_000 {
        bench.cache.write(format!("dir/{number}"), b"x").unwrap();
        if number % 1000 == 0 {
            check(&bench.cache);
        }
    }
    let usage = bench.cache.usage();
    assert!(usage.attributes <= 2048 && usage.names <= 2048 && usage.backing_handles <= 16, "{usage:?}");
}

#[test]
fn listings_of_empty_directories_are_bounded() {
    let bench = Bench::new(|cache| cache.listing_entries(4).ttl(Duration::from_secs(3600)));
    for number in 0..200 {
        bench.backing.create_dir(format!("d{number}")).unwrap();
        bench.cache.list(format!("d{number}")).unwrap();
        check(&bench.cache);
    }
    bench.counts.reset();
    for number in 0..200 {
        bench.cache.list(format!("d{number}")).unwrap();
    }
    assert!(bench.counts.snapshot().of(CallKind::ReadDir) >= 196);
}

#[test]
fn files_created_and_held_are_counted_and_limited() {
    let dir = tempfile::tempdir().unwrap();
    let path = fs::canonicalize(dir.path()).unwrap();
    let cache = CacheFs::builder(Arc::new(LocalFs::open(&path).unwrap())).handles_max(8).build().unwrap();
    let descriptors = || {
        let all = fs::read_dir("/proc/self/fd").unwrap();
        let targets = all.filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
        targets.filter(|target| target.starts_with(&path)).count()
    };
    let before = descriptors();
    let root = cache.root().unwrap();
    let create = |number: usize, how: OpenHow, mode: u32| {
        let how = CreateHow { open: how, mode: Mode::new(mode), exclusive: true };
        root.create(name(&format!("f{number}")), how, &Owner::process()).unwrap().handle
    };
    let both = OpenHow::new(Access::ReadWrite);
    let files: Vec<_> = (0..100).map(|number| create(number, both, 0o644)).collect();
    assert!(descriptors() <= before + 8, "{} more", descriptors() - before);
    // These cannot be opened again, and those are by themselves: they stay open, and are told.
    let locked: Vec<_> = (100..120).map(|number| create(number, both, 0o200)).collect();
    let direct: Vec<_> =
        (120..130).map(|number| create(number, OpenHow { direct: true, ..both }, 0o644)).collect();
    assert!(cache.usage().backing_handles >= 30, "{:?}", cache.usage());
    let (all, usage) = (descriptors(), cache.usage());
    assert!(all <= before + 20 + 2 * 10 + 1, "a direct one has two: {} more, {usage:?}", all - before);
    for (number, file) in files.iter().chain(&locked).chain(&direct).enumerate() {
        file.write_at(format!("{number}").as_bytes(), 0, Privileges::Keep).unwrap();
    }
    drop((files, locked, direct));
    assert!(cache.usage().backing_handles <= 8 && descriptors() <= before + 9, "{:?}", cache.usage());
}

#[test]
fn removals_that_fail_leave_no_handles_open() {
    let bench = Bench::new(|cache| cache.handles_max(4));
    let root = bench.cache.root().unwrap();
    let mut files = Vec::new();
    for number in 0..50 {
        let path = format!("f{number}");
        bench.backing.write(&path, b"x").unwrap();
        files.push(bench.cache.open(&path, OpenHow::new(Access::Read)).unwrap());
        root.remove(name(&path), RemoveKind::Dir).unwrap_err();
    }
    assert!(bench.cache.usage().backing_handles <= 4, "{:?}", bench.cache.usage());
}
