use std::time::Duration;

use cachefs_testkit::{CallKind, Rule};
use cachefs_vfs::{Errno, Privileges, SyncHow, Vfs};
use cachefs_writeback::Config;

use super::bench::{Bench, config, errno, read, write};

/// A journal of 2 MiB.
fn small() -> Config {
    Config { dirty_max: 64 << 20, journal_max: 2 << 20, segment_size: 128 << 10, ..config() }
}

#[test]
fn a_full_journal_is_emptied_by_who_writes() {
    let bench = Bench::with(small());
    let file = bench.open("f");
    for block in 0..200_u64 {
        write(&*file, &[u8::try_from(block).unwrap(); 32 << 10], block * (32 << 10));
        assert!(bench.fs.status().journal_bytes <= 2 << 20);
    }
    bench.flush();
    let there = bench.beneath("f");
    assert!((0..200).all(|block| there[block * (32 << 10)] == u8::try_from(block).unwrap()));
    assert_eq!(there.len(), 200 * (32 << 10));
}

#[test]
fn a_full_disk_of_the_journal_sends_writes_through() {
    let bench = Bench::new();
    let file = bench.dirty("f", b"dirty");
    let full = bench.journal.add(Rule::on(CallKind::Write).or(CallKind::Allocate).fail(Errno::NOSPC));
    write(&*file, b"more", 5);
    assert_eq!(read(&*file), b"dirtymore");
    assert_eq!(bench.beneath("f"), b"dirtymore");
    full.release();
    write(&*file, b"again", 9);
    assert_eq!((bench.beneath("f"), read(&*file)), (b"dirtymore".to_vec(), b"dirtymoreagain".to_vec()));
    bench.flush();
    assert_eq!(bench.beneath("f"), b"dirtymoreagain");
}

#[test]
fn a_broken_journal_is_said_and_everything_goes_through() {
    let bench = Bench::new();
    let (file, other) = (bench.dirty("f", b"dirty"), bench.dirty("g", b"other"));
    assert!(bench.fs.status().through.is_none());
    bench.journal.add(Rule::on(CallKind::SyncFile).fail(Errno::IO));
    let synced =
        bench.backing.add(Rule::on(CallKind::SyncFile).then(cachefs_testkit::Fault::Delay(Duration::ZERO)));
    file.sync(SyncHow::All).unwrap();
    assert_eq!(bench.beneath("f"), b"dirty", "what the journal can't promise the backing keeps");
    assert_eq!(synced.fired(), 1);
    assert_eq!(bench.fs.status().through.map(|error| error.errno()), Some(Errno::IO));
    write(&*file, b"X", 0);
    assert_eq!(bench.beneath("f"), b"Xirty");
    write(&*other, b"Y", 0);
    assert_eq!(bench.beneath("g"), b"Yther", "after what was dirty of it");
    bench.flush();
    assert!(bench.journal.root().unwrap().stat(cachefs_vfs::Name::new("00000001.journal").unwrap()).is_err());
    assert_eq!(bench.fs.status().dirty_files, 0);
}

#[test]
fn what_cannot_be_flushed_does_not_fill_the_journal() {
    let bench = Bench::with(small());
    let stuck = bench.dirty("stuck", &[1; 100_000]);
    bench.backing.add(Rule::on(CallKind::Write).at("stuck").fail(Errno::ROFS));
    assert!(bench.fs.flush_path("stuck".as_ref()).is_err());
    assert_eq!(errno(stuck.sync(SyncHow::All)), Some(Errno::ROFS));
    let file = bench.open("f");
    for round in 0..100_u8 {
        write(&*file, &[round; 64 << 10], 0);
        bench.fs.flush_path("f".as_ref()).unwrap();
    }
    assert_eq!(bench.fs.status().through_writes, 0, "there was room all the time");
    assert_eq!(read(&*stuck), [1; 100_000]);
    assert_eq!(bench.beneath("f"), [99; 64 << 10]);
}

#[test]
fn with_no_room_anywhere_a_write_says_why() {
    let bench = Bench::with(Config { dirty_max: 64 << 10, ..config() });
    let file = bench.dirty("f", &[1; 60 << 10]);
    bench.backing.add(Rule::on(CallKind::Write).fail(Errno::NOSPC));
    let refused = file.write_at(&[2; 32 << 10], 60 << 10, Privileges::Keep);
    assert_eq!(errno(refused), Some(Errno::NOSPC));
    assert_eq!(read(&*file), [1; 60 << 10], "what was acknowledged stays");
    assert_eq!(bench.fs.status().dirty_bytes, 60 << 10);
}

#[test]
fn with_threads_a_write_that_finds_no_room_waits_only_so_long() {
    let soon = Duration::from_millis(1);
    let limits = Config { dirty_max: 64 << 10, flushers: 1, flush_after: soon, ..config() };
    let bench = Bench::with(limits);
    let hang = bench.backing.add(Rule::on(CallKind::Write).hang()).release_on_drop();
    let file = bench.dirty("f", &[1; 60 << 10]);
    let start = std::time::Instant::now();
    assert_eq!(errno(file.write_at(&[2; 32 << 10], 60 << 10, Privileges::Keep)), Some(Errno::TIMEDOUT));
    assert!(start.elapsed() < Duration::from_secs(10));
    hang.release();
    super::bench::until("there is room", || bench.fs.status().dirty_bytes == 0);
    write(&*file, &[2; 32 << 10], 60 << 10);
}

#[test]
fn a_journal_that_cannot_be_read_keeps_nobody_from_moving_on() {
    let bench = Bench::with(small());
    let stuck = bench.dirty("stuck", &[1; 100]);
    bench.backing.add(Rule::on(CallKind::Write).at("stuck").fail(Errno::IO));
    assert!(bench.fs.flush_path("stuck".as_ref()).is_err());
    let other = bench.open("other");
    for _ in 0..40 {
        write(&*other, &[2; 32 << 10], 0);
    }
    let unreadable = bench.journal.add(Rule::on(CallKind::Read).fail(Errno::IO));
    assert!(bench.fs.flush_path("other".as_ref()).is_err());
    assert!(unreadable.fired() >= 2, "to be flushed, and what is in the way to be moved");
    unreadable.release();
    bench.fs.flush_path("other".as_ref()).unwrap();
    assert_eq!((read(&*stuck), bench.beneath("other").len()), (vec![1; 100], 32 << 10));
}
