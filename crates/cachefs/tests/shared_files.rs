//! Files that others write at the same time as we do: what we write and what they write stay apart.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use cachefs::CacheFs;
use cachefs_testkit::CallKind;
use cachefs_vfs::{Access, LocalFs, MemFs, OpenHow, Privileges, SetAttr, SetTime, Time, VFile, Vfs, VfsExt};

use support::{Bench, bytes, wait_until};

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

fn open(fs: &dyn Vfs, path: &str) -> Arc<dyn VFile> {
    fs.open(path, OpenHow::new(Access::ReadWrite)).unwrap()
}

fn write(file: &dyn VFile, data: &[u8], offset: u64) {
    assert_eq!(file.write_at(data, offset, Privileges::Keep).unwrap(), data.len());
}

fn contents(file: &dyn VFile) -> Vec<u8> {
    let mut buffer = vec![0xEE; MIB];
    let count = file.read_at(&mut buffer, 0).unwrap();
    buffer.truncate(count);
    buffer
}

/// A filesystem whose clock stands still within a tick of `granularity`, until it is told otherwise.
fn ticking(granularity: Duration) -> (MemFs, Arc<AtomicI64>) {
    let seconds = Arc::new(AtomicI64::new(1_000_000));
    let time = Arc::clone(&seconds);
    let clock = move || Time { seconds: time.load(Ordering::SeqCst), nanos: 0 };
    (MemFs::builder().clock(clock).granularity(granularity).build(), seconds)
}

/// After `ours`, which makes a file longer that others made 100 bytes long since we looked, all agree.
fn check_a_gap_that_others_filled(known: &[u8], ours: impl FnOnce(&dyn VFile)) {
    let bench = Bench::new(|cache| cache);
    bench.backing.write("f", known).unwrap();
    let file = open(&bench.cache, "f");
    assert_eq!(contents(&*file), known);
    write(&*open(&*bench.backing, "f"), &[b'F'; 100], 0);
    ours(&*file);
    for _ in 0..2 {
        bench.clock.advance(Duration::from_secs(60));
        assert!(contents(&*file) == bench.backing.read("f").unwrap());
    }
}

#[test]
fn a_write_beyond_an_outdated_end_makes_up_no_zeros() {
    check_a_gap_that_others_filled(b"", |file| write(file, &[b'o'; 100], 100));
}

#[test]
fn a_write_into_the_next_block_makes_up_no_zeros() {
    check_a_gap_that_others_filled(&[b'F'; 50], |file| write(file, &[b'o'; 100], 64 * KIB as u64));
}

#[test]
fn a_new_length_makes_up_no_zeros() {
    check_a_gap_that_others_filled(&[b'F'; 50], |file| {
        file.set_len(200, Privileges::Keep).unwrap();
    });
}

#[test]
fn records_of_two_writers_that_take_turns_stay_what_they_are() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("f"), b"").unwrap();
    let backing = Arc::new(LocalFs::open(dir.path()).unwrap());
    let cache = CacheFs::builder(backing.clone()).ttl(Duration::from_millis(50)).build().unwrap();
    let (ours, theirs) = (open(&cache, "f"), open(&*backing, "f"));
    for record in 0..20 {
        write(&*theirs, &[b'F'; 100], record * 200);
        write(&*ours, &[b'o'; 100], record * 200 + 100);
    }
    wait_until("both see the same", || contents(&*ours) == contents(&*theirs));
}

/// Others rewrite a file in place, which keeps its length; after `ours` and a lifetime that is seen.
fn check_a_rewrite_before(ours: impl FnOnce(&dyn VFile)) {
    let bench = Bench::new(|cache| cache);
    bench.backing.write("f", b"old old").unwrap();
    let file = open(&bench.cache, "f");
    assert_eq!(contents(&*file), b"old old");
    bench.clock.advance(Duration::from_millis(900));
    write(&*open(&*bench.backing, "f"), b"new", 0);
    ours(&*file);
    bench.clock.advance(Duration::from_secs(60));
    assert!(contents(&*file) == bench.backing.read("f").unwrap());
}

#[test]
fn our_utimes_does_not_make_a_foreign_change_ours() {
    check_a_rewrite_before(|file| {
        let mtime = SetTime::To(Time { seconds: 5, nanos: 0 });
        file.set_attr(&SetAttr { mtime: Some(mtime), ..SetAttr::default() }).unwrap();
    });
}

#[test]
fn our_xattr_does_not_make_a_foreign_change_ours() {
    check_a_rewrite_before(|file| {
        file.set_xattr("user.x".as_ref(), b"1", cachefs_vfs::XattrHow::Set).unwrap();
    });
}

#[test]
fn our_write_does_not_make_a_foreign_change_ours() {
    check_a_rewrite_before(|file| write(file, b"d", 6));
}

/// The clock of a network filesystem is taken to be coarse, but a change a while ago shows all the same.
#[test]
fn our_write_does_not_make_a_change_of_the_last_second_ours_however_coarse_the_clock() {
    let (backing, seconds) = ticking(Duration::from_secs(2));
    let bench = Bench::over(backing, |cache| cache.ttl(Duration::from_secs(3600)));
    bench.backing.write("f", &[b'a'; 200 * KIB]).unwrap();
    seconds.fetch_add(10, Ordering::SeqCst);
    bench.clock.advance(Duration::from_secs(10));
    let file = open(&bench.cache, "f");
    assert_eq!(contents(&*file).len(), 200 * KIB);
    seconds.fetch_add(2, Ordering::SeqCst);
    bench.clock.advance(Duration::from_millis(500));
    write(&*open(&*bench.backing, "f"), b"FOREIGN", 0);
    write(&*file, b"own", 150 * KIB as u64);
    assert!(contents(&*file) == bench.backing.read("f").unwrap());
}

#[test]
fn a_foreign_write_in_the_tick_of_ours_is_seen_when_it_has_settled() {
    let (backing, seconds) = ticking(Duration::from_secs(1));
    let bench = Bench::over(backing, |cache| cache);
    bench.backing.write("f", b"0000").unwrap();
    let file = open(&bench.cache, "f");
    write(&*file, b"ours", 0);
    let other = open(&*bench.backing, "f");
    let before = other.attr().unwrap().version();
    write(&*other, b"thei", 0);
    assert_eq!(other.attr().unwrap().version(), before, "the test needs equal versions");
    seconds.fetch_add(5, Ordering::SeqCst);
    bench.expire();
    assert_eq!(contents(&*file), b"thei");
}

/// Also while we go on writing elsewhere in the file, which keeps its attributes young.
#[test]
fn a_foreign_write_in_the_tick_of_ours_is_seen_though_we_go_on_writing() {
    let (backing, seconds) = ticking(Duration::from_secs(1));
    let bench = Bench::over(backing, |cache| cache);
    bench.backing.write("f", &[b'0'; 200 * KIB]).unwrap();
    let file = open(&bench.cache, "f");
    assert_eq!(contents(&*file).len(), 200 * KIB);
    write(&*file, b"ours", 0);
    write(&*open(&*bench.backing, "f"), b"thei", 0);
    for _ in 0..300 {
        bench.clock.advance(Duration::from_millis(5));
        write(&*file, b"more", 150 * KIB as u64);
    }
    seconds.fetch_add(5, Ordering::SeqCst);
    assert!(contents(&*file) == bench.backing.read("f").unwrap());
}

#[test]
fn small_writes_into_a_large_cached_file_refetch_a_block_each_at_most() {
    let (backing, seconds) = ticking(Duration::from_secs(1));
    let bench = Bench::over(backing, |cache| cache.memory(96 * MIB));
    let mut content = bytes(7, 64 * MIB);
    bench.backing.write("large", &content).unwrap();
    seconds.fetch_add(5, Ordering::SeqCst);
    assert!(bench.cache.read("large").unwrap() == content);
    // What was loaded while it was young settles.
    bench.expire();
    assert!(bench.cache.read("large").unwrap() == content);
    let file = open(&bench.cache, "large");
    bench.counts.reset();
    for (seed, offset) in [(1, 3 * MIB + 8 * KIB), (2, 33 * MIB + 5), (3, 60 * MIB)] {
        let patch = bytes(seed, 4 * KIB);
        write(&*file, &patch, offset as u64);
        content[offset..offset + patch.len()].copy_from_slice(&patch);
    }
    for _ in 0..3 {
        assert!(bench.cache.read("large").unwrap() == content);
        seconds.fetch_add(5, Ordering::SeqCst);
        bench.expire();
    }
    let counts = bench.counts.snapshot();
    assert!(counts.bytes_read <= 3 * 64 * KIB as u64, "{:?}", counts.called());
}

#[test]
fn a_stream_of_writes_asks_for_attributes_once_per_write() {
    let (backing, _) = ticking(Duration::from_secs(1));
    let bench = Bench::over(backing, |cache| cache);
    bench.backing.write("f", b"").unwrap();
    let file = open(&bench.cache, "f");
    bench.counts.reset();
    for block in 0..100 {
        write(&*file, &[1; 1000], block * 1000);
        bench.clock.advance(Duration::from_millis(9));
    }
    let counts = bench.counts.snapshot();
    assert_eq!((counts.of(CallKind::Write), counts.of(CallKind::Attr)), (100, 100));
}
