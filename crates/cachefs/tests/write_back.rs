//! The cache over a write-back: all that holds of the cache holds, whenever what is dirty goes to the backing.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use cachefs::write_back::{Config, Setup, WriteBack, boot_id};
use cachefs::{CacheBuilder, CacheFs};
use cachefs_testkit::Subject;
use cachefs_testkit::conformance::assert_all;
use cachefs_testkit::model::{check_sequences, sequences_from_env};
use cachefs_vfs::clock::SystemClock;
use cachefs_vfs::{Access, LocalFs, MemFs, Mode, Name, OpenHow, Privileges, SetAttr, Vfs, VfsExt};

use support::subject;

/// Steps per sequence.
const LENGTH: usize = 40;

fn write_back(backing: Arc<dyn Vfs>, flush_after: Option<Duration>) -> Arc<WriteBack> {
    let config = Config {
        segment_size: 256 << 10,
        journal_max: 64 << 20,
        dirty_max: 16 << 20,
        flushers: if flush_after.is_some() { 2 } else { 0 },
        flush_after: flush_after.unwrap_or_default(),
        ..Config::default()
    };
    let setup = Setup { config, source: [1; 32], boot: boot_id(), clock: Arc::new(SystemClock) };
    let (write_back, _nothing) = WriteBack::open(backing, MemFs::new().root().unwrap(), setup).unwrap();
    Arc::new(write_back)
}

/// A cache over a write-back over memory; with no time to flush after, nothing is flushed but when a verb needs it.
fn over(flush_after: Option<Duration>, set: impl Fn(CacheBuilder) -> CacheBuilder) -> Subject {
    let backing = write_back(Arc::new(MemFs::new()), flush_after);
    subject(&set(CacheFs::builder(backing)).build().unwrap())
}

fn tiny(cache: CacheBuilder) -> CacheBuilder {
    cache.memory(192 << 10).metadata_entries(16).listing_entries(4).handles_max(2)
}

#[test]
fn conformance() {
    assert_all(|| over(None, |cache| cache));
    assert_all(|| over(Some(Duration::ZERO), |cache| cache));
    assert_all(|| over(None, |cache| tiny(cache.ttl(Duration::ZERO))));
}

#[test]
fn the_model_while_nothing_is_flushed() {
    let count = sequences_from_env(10_000) / 5;
    check_sequences(0..count, LENGTH, || over(None, |cache| cache)).unwrap_or_else(|wrong| panic!("{wrong}"));
    check_sequences(0..count, LENGTH, || over(None, tiny)).unwrap_or_else(|wrong| panic!("{wrong}"));
}

#[test]
fn the_model_while_all_is_flushed_at_once() {
    let count = sequences_from_env(10_000) / 5;
    let at_once = Some(Duration::ZERO);
    check_sequences(0..count, LENGTH, || over(at_once, |cache| cache))
        .unwrap_or_else(|wrong| panic!("{wrong}"));
    check_sequences(0..count, LENGTH, || over(at_once, tiny)).unwrap_or_else(|wrong| panic!("{wrong}"));
}

#[test]
fn eviction_and_lifetimes_take_nothing_that_is_dirty() {
    let source = Arc::new(MemFs::new());
    let beneath = write_back(source.clone(), None);
    let cache = tiny(CacheFs::builder(beneath.clone()).ttl(Duration::ZERO)).build().unwrap();
    let bytes: Vec<u8> = (0..1_000_000_u32).flat_map(u32::to_le_bytes).collect();
    VfsExt::write(&cache, "f", &bytes).unwrap();
    cache.clear();
    assert_eq!(beneath.status().dirty_bytes, bytes.len() as u64);
    assert_eq!(source.read("f").unwrap(), b"");
    assert!(VfsExt::read(&cache, "f").unwrap() == bytes);
    assert!(beneath.flush_all(None, &mut |_| ()).remaining.is_empty());
    assert!(source.read("f").unwrap() == bytes && VfsExt::read(&cache, "f").unwrap() == bytes);
}

/// A mount keeps what it looked up reachable by a handle for no bytes: that keeps nobody from running the program.
#[test]
fn a_program_that_was_flushed_runs_from_beneath_though_it_is_held() {
    let dir = tempfile::tempdir().unwrap();
    let beneath = write_back(Arc::new(LocalFs::open(dir.path()).unwrap()), None);
    let cache = CacheFs::builder(beneath.clone()).build().unwrap();
    let content = std::fs::read("/bin/true").unwrap();
    let run = || std::process::Command::new(dir.path().join("program")).status();
    cache.write("program", b"").unwrap();
    let how = OpenHow::new(Access::ReadWrite);
    let writer = cache.root().unwrap().open(Name::new("program").unwrap(), how).unwrap().handle;
    assert_eq!(writer.write_at(&content, 0, Privileges::Keep).unwrap(), content.len());
    let set = SetAttr { mode: Some(Mode::new(0o755)), ..SetAttr::default() };
    writer.set_attr(&set).unwrap();
    let held = writer.reopen(OpenHow::new(Access::Path)).unwrap();
    drop(writer);
    assert!(run().is_err(), "while its bytes wait");
    beneath.flush_id(held.attr().unwrap().id).unwrap();
    assert!(run().unwrap().success());
}
