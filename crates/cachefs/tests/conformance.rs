//! The conformance table over the cache.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use cachefs::{CacheBuilder, Coherence, WriteMode};
use cachefs_testkit::OutsideFs;
use cachefs_testkit::conformance::assert_all;
use cachefs_vfs::{MemFs, WatchMethod};

use support::outside::watching;
use support::{local, over};

#[test]
fn over_mem_fs() {
    assert_all(|| over(MemFs::new(), |cache| cache));
}

#[test]
fn over_mem_fs_around() {
    assert_all(|| over(MemFs::new(), |cache| cache.write_mode(WriteMode::Around)));
}

#[test]
fn over_mem_fs_with_hardly_any_room() {
    assert_all(|| over(MemFs::new(), tiny));
}

#[test]
fn over_mem_fs_with_no_lifetime() {
    assert_all(|| over(MemFs::new(), |cache| cache.ttl(Duration::ZERO)));
}

#[test]
fn over_mem_fs_with_endless_lifetime() {
    assert_all(|| over(MemFs::new(), |cache| cache.ttl(Duration::MAX)));
}

#[test]
fn over_local_fs() {
    assert_all(|| local(|cache| cache));
}

#[test]
fn over_local_fs_with_hardly_any_room() {
    assert_all(|| local(tiny));
}

#[test]
fn watched() {
    for method in [WatchMethod::Filesystem, WatchMethod::Directories, WatchMethod::Inotify] {
        let backing = || OutsideFs::new(Arc::new(MemFs::new()));
        assert_all(|| over(backing(), |cache| cache.coherence(watching(method))));
        assert_all(|| over(backing(), |cache| tiny(cache.coherence(watching(method)))));
    }
}

#[test]
fn close_to_open_and_alone() {
    for mode in [Coherence::Open, Coherence::Single] {
        assert_all(|| over(MemFs::new(), |cache| cache.coherence(mode)));
    }
}

fn tiny(cache: CacheBuilder) -> CacheBuilder {
    cache.memory(192 << 10).metadata_entries(16).listing_entries(4).handles_max(1)
}
