//! Limits hold at every moment.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use cachefs::{BuildError, CacheFs};
use cachefs_testkit::SplitMix64;
use cachefs_vfs::VfsExt;

use support::{Bench, bytes};

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
