//! The reference model over the cache: after every step, what the cache says is what a filesystem would.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use std::sync::Arc;

use cachefs::{CacheBuilder, CacheFs, Coherence, WriteMode};
use cachefs_testkit::model::{Divergence, check_sequences, sequences_from_env};
use cachefs_testkit::{FaultFs, OutsideFs, Subject};
use cachefs_vfs::{LocalFs, MemFs, Vfs, WatchMethod};

use support::outside::watching;
use support::{local, over, subject};

/// Steps per sequence.
const LENGTH: usize = 40;

fn agree(result: Result<(), Divergence>) {
    if let Err(divergence) = result {
        panic!("{divergence}");
    }
}

/// Hardly room for anything: everything is evicted all the time.
fn tiny(cache: CacheBuilder) -> CacheBuilder {
    cache.memory(192 << 10).metadata_entries(16).listing_entries(4).handles_max(2)
}

fn faulty(backing: impl Vfs + 'static, set: impl Fn(CacheBuilder) -> CacheBuilder) -> Subject {
    let faults = Arc::new(FaultFs::new(Arc::new(backing)));
    let backing: Arc<dyn Vfs> = faults.clone();
    let cache = set(CacheFs::builder(backing)).build().unwrap();
    Subject { faults: Some(faults), ..subject(&cache) }
}

#[test]
fn over_mem_fs() {
    agree(check_sequences(0..sequences_from_env(10_000), LENGTH, || over(MemFs::new(), |cache| cache)));
}

#[test]
fn over_mem_fs_with_hardly_any_room() {
    agree(check_sequences(0..sequences_from_env(10_000) / 2, LENGTH, || over(MemFs::new(), tiny)));
}

#[test]
fn over_mem_fs_around() {
    let around = |cache: CacheBuilder| cache.write_mode(WriteMode::Around);
    agree(check_sequences(0..sequences_from_env(10_000) / 4, LENGTH, || over(MemFs::new(), around)));
}

#[test]
fn over_local_fs() {
    agree(check_sequences(0..sequences_from_env(10_000) / 4, LENGTH, || local(|cache| cache)));
}

#[test]
fn over_mem_fs_with_injected_errors() {
    agree(check_sequences(0..sequences_from_env(10_000) / 2, LENGTH, || faulty(MemFs::new(), |cache| cache)));
}

#[test]
fn over_mem_fs_with_injected_errors_and_hardly_any_room() {
    agree(check_sequences(0..sequences_from_env(10_000) / 4, LENGTH, || faulty(MemFs::new(), tiny)));
}

#[test]
fn over_local_fs_with_injected_errors() {
    agree(check_sequences(0..sequences_from_env(10_000) / 10, LENGTH, || {
        let dir = tempfile::tempdir().unwrap();
        faulty(LocalFs::open(dir.path()).unwrap(), |cache| cache).keeping(dir)
    }));
}

/// With injected errors, of having things watched, too.
fn watched(method: WatchMethod, share: u64) {
    let backing = || OutsideFs::new(Arc::new(MemFs::new()));
    let set = |cache: CacheBuilder| cache.coherence(watching(method));
    let count = sequences_from_env(10_000) / share;
    agree(check_sequences(0..count, LENGTH, || over(backing(), set)));
    agree(check_sequences(0..count, LENGTH, || over(backing(), |cache| tiny(set(cache)))));
    agree(check_sequences(0..count, LENGTH, || faulty(backing(), set)));
}

#[test]
fn watched_as_a_whole() {
    watched(WatchMethod::Filesystem, 8);
}

#[test]
fn watched_by_directory() {
    watched(WatchMethod::Directories, 8);
}

#[test]
fn watched_by_name() {
    watched(WatchMethod::Inotify, 16);
}

#[test]
fn close_to_open() {
    let open = |cache: CacheBuilder| cache.coherence(Coherence::Open);
    agree(check_sequences(0..sequences_from_env(10_000) / 4, LENGTH, || over(MemFs::new(), open)));
}

#[test]
fn alone() {
    let single = |cache: CacheBuilder| cache.coherence(Coherence::Single);
    agree(check_sequences(0..sequences_from_env(10_000) / 4, LENGTH, || over(MemFs::new(), single)));
    agree(check_sequences(0..sequences_from_env(10_000) / 8, LENGTH, || faulty(MemFs::new(), single)));
}
