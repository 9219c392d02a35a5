//! What others change is seen when lifetimes are over, and what handles stand for outlives its names.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use cachefs::stats::Counter;
use cachefs_testkit::CallKind;
use cachefs_vfs::{Access, Errno, MemFs, OpenHow, Privileges, RemoveKind, RenameHow, Time, Vfs, VfsExt};

use support::{Bench, bytes, name};

const KIB: usize = 1 << 10;

fn read_write() -> OpenHow {
    OpenHow::new(Access::ReadWrite)
}

#[test]
fn a_change_by_others_is_seen_when_the_lifetime_is_over_and_not_before() {
    let bench = Bench::new(|cache| cache);
    bench.backing.write("file", b"before").unwrap();
    assert_eq!(bench.cache.read("file").unwrap(), b"before");
    bench.backing.write("file", b"after, and longer").unwrap();
    bench.clock.advance(Duration::from_millis(999));
    assert_eq!(bench.cache.read("file").unwrap(), b"before", "within the lifetime");
    bench.clock.advance(Duration::from_millis(1));
    assert_eq!(bench.cache.read("file").unwrap(), b"after, and longer");
    let stats = bench.cache.stats();
    assert_eq!((stats.get(Counter::InvalidatedTtl), stats.get(Counter::MissInvalidated)), (1, 1));
}

#[test]
fn an_unchanged_file_is_checked_and_not_loaded_again() {
    let bench = Bench::new(|cache| cache);
    bench.backing.write("file", &bytes(1, 200 * KIB)).unwrap();
    bench.cache.read("file").unwrap();
    bench.expire();
    bench.counts.reset();
    assert!(bench.cache.read("file").unwrap() == bytes(1, 200 * KIB));
    let counts = bench.counts.snapshot();
    assert_eq!((counts.total(), counts.bytes_read), (1, 0), "{:?}", counts.called());
}

#[test]
fn names_that_come_and_go_are_seen_when_the_lifetime_is_over() {
    let bench = Bench::new(|cache| cache);
    bench.backing.write("old", b"x").unwrap();
    let exists = |path: &str| bench.cache.exists(path).unwrap();
    assert!(exists("old") && !exists("new"));
    assert_eq!(bench.cache.list("").unwrap().len(), 1);
    bench.backing.rename("old", "new").unwrap();
    assert!(exists("old") && !exists("new"), "within the lifetime");
    bench.expire();
    assert!(!exists("old") && exists("new"));
    assert_eq!(bench.cache.list("").unwrap()[0].0, "new");
}

#[test]
fn what_is_invalidated_by_request_is_seen_at_once() {
    let bench = Bench::new(|cache| cache.ttl(Duration::MAX));
    bench.backing.create_dir("dir").unwrap();
    bench.backing.write("dir/file", b"before").unwrap();
    assert_eq!(bench.cache.read("dir/file").unwrap(), b"before");
    assert!(!bench.cache.exists("dir/later").unwrap());
    bench.backing.write("dir/file", b"after!").unwrap();
    bench.backing.write("dir/later", b"").unwrap();
    bench.clock.advance(Duration::from_secs(1 << 30));
    assert_eq!(bench.cache.read("dir/file").unwrap(), b"before");
    bench.cache.invalidate("dir/file").unwrap();
    assert_eq!(bench.cache.read("dir/file").unwrap(), b"after!");
    bench.cache.invalidate("/dir/later").unwrap();
    assert!(bench.cache.exists("dir/later").unwrap());
    bench.cache.invalidate("dir/nothing/here").unwrap();
    bench.backing.write("dir/file", b"once more").unwrap();
    bench.cache.clear();
    assert_eq!(bench.cache.read("dir/file").unwrap(), b"once more");
}

#[test]
fn a_change_within_the_same_tick_is_seen_when_the_lifetime_is_over() {
    let seconds = Arc::new(AtomicI64::new(1_000_000));
    let time = Arc::clone(&seconds);
    let tick = Duration::from_secs(2);
    let clock = move || Time { seconds: time.load(Ordering::SeqCst), nanos: 0 };
    let bench = Bench::over(MemFs::builder().clock(clock).granularity(tick).build(), |cache| cache);
    bench.backing.write("file", b"one").unwrap();
    let version = bench.backing.stat("file").unwrap().version();
    assert_eq!(bench.cache.read("file").unwrap(), b"one");
    bench.backing.write("file", b"two").unwrap();
    assert_eq!(bench.backing.stat("file").unwrap().version(), version, "the test needs equal versions");
    bench.expire();
    assert_eq!(bench.cache.read("file").unwrap(), b"two", "equal versions do not make weak bytes strong");
    // By now this version is known for longer than a tick: what is loaded now holds.
    bench.expire();
    assert_eq!(bench.cache.read("file").unwrap(), b"two");
    bench.expire();
    bench.counts.reset();
    assert_eq!(bench.cache.read("file").unwrap(), b"two");
    assert_eq!(bench.counts.snapshot().bytes_read, 0);
}

#[test]
fn a_file_without_a_name_stays_readable_and_writable() {
    let bench = Bench::new(|cache| cache.handles_max(1).memory(64 * KIB));
    bench.backing.create_dir("dir").unwrap();
    let content = bytes(1, 200 * KIB);
    for path in ["dir/a", "dir/b", "dir/new"] {
        bench.backing.write(path, &content).unwrap();
    }
    let open = |path: &str| bench.cache.open(path, read_write()).unwrap();
    let (removed, replaced) = (open("dir/a"), open("dir/b"));
    bench.cache.remove_file("dir/a").unwrap();
    bench.cache.rename("dir/new", "dir/b").unwrap();
    bench.cache.write("dir/a", b"another file of that name").unwrap();
    bench.expire();
    for file in [&removed, &replaced] {
        let mut buffer = vec![0; content.len()];
        assert_eq!(file.read_at(&mut buffer, 0).unwrap(), content.len());
        assert!(buffer == content);
        file.write_at(b"changed", 100_000, Privileges::Keep).unwrap();
        assert_eq!(file.read_at(&mut buffer[..7], 100_000).unwrap(), 7);
        assert_eq!(&buffer[..7], b"changed");
        assert_eq!(file.attr().unwrap().links, 0);
    }
    assert_eq!(bench.cache.read("dir/a").unwrap(), b"another file of that name");
    drop((removed, replaced));
    assert_eq!(bench.cache.usage().handles, 0);
}

#[test]
fn a_directory_without_a_name_is_empty() {
    let bench = Bench::new(|cache| cache.handles_max(1));
    bench.backing.create_dir("dir").unwrap();
    let dir = bench.cache.dir("dir").unwrap();
    bench.cache.remove_dir("dir").unwrap();
    bench.backing.create_dir("dir").unwrap();
    bench.backing.write("dir/stranger", b"").unwrap();
    bench.cache.list("").unwrap();
    bench.expire();
    let mut count = 0;
    let listed = dir.read_dir(cachefs_vfs::Cookie::START, &mut |_| {
        count += 1;
        std::ops::ControlFlow::Continue(())
    });
    assert_eq!((listed.err().map(|e| e.errno()), count), (Some(Errno::NOENT), 0), "as Linux has it");
    assert_eq!(dir.stat(name("stranger")).unwrap_err().errno(), Errno::NOENT);
    dir.attr().unwrap();
}

#[test]
fn handles_follow_their_files_through_renames() {
    let bench = Bench::new(|cache| cache.handles_max(1).memory(64 * KIB));
    for dir in ["x", "y"] {
        bench.backing.create_dir(dir).unwrap();
        bench.backing.write(format!("{dir}/file"), &bytes(dir.len() as u64, 10)).unwrap();
        bench.backing.write(format!("{dir}/name"), dir.as_bytes()).unwrap();
    }
    let root = bench.cache.root().unwrap();
    let (dir, file) = (bench.cache.dir("x").unwrap(), bench.cache.open("x/name", read_write()).unwrap());
    for round in 0..5 {
        root.rename(name("x"), &*root, name("y"), RenameHow::Exchange).unwrap();
        let there = if round % 2 == 0 { "y" } else { "x" };
        assert_eq!(bench.cache.read(format!("{there}/name")).unwrap(), b"x");
        assert_eq!(dir.stat(name("name")).unwrap().id, file.attr().unwrap().id);
        let mut buffer = [0; 4];
        assert_eq!(file.read_at(&mut buffer, 0).unwrap(), 1);
        assert_eq!(&buffer[..1], b"x");
        bench.expire();
    }
    assert!(bench.cache.usage().backing_handles <= 2, "the root is pinned, one more is the limit");
}

#[test]
fn an_append_goes_to_the_real_end() {
    let bench = Bench::new(|cache| cache);
    bench.backing.write("log", b"one ").unwrap();
    let log = bench.cache.open("log", read_write()).unwrap();
    assert_eq!(bench.cache.read("log").unwrap(), b"one ");
    bench.backing.append("log", b"(foreign) ").unwrap();
    log.append(b"two ", Privileges::Keep).unwrap();
    assert_eq!(bench.cache.read("log").unwrap(), b"one (foreign) two ");
    log.append(b"three", Privileges::Keep).unwrap();
    bench.counts.reset();
    let content = bench.cache.read("log").unwrap();
    assert_eq!(content, bench.backing.read("log").unwrap());
    assert_eq!(content, b"one (foreign) two three");
}

#[test]
fn a_write_after_a_change_by_others_does_not_hide_it() {
    let bench = Bench::new(|cache| cache.ttl(Duration::from_secs(3600)));
    let mut content = bytes(1, 200 * KIB);
    bench.backing.write("file", &content).unwrap();
    let file = bench.cache.open("file", read_write()).unwrap();
    assert!(bench.cache.read("file").unwrap() == content);
    let foreign = bench.backing.open("file", read_write()).unwrap();
    foreign.write_at(b"foreign", 150_000, Privileges::Keep).unwrap();
    content[150_000..150_007].copy_from_slice(b"foreign");
    bench.clock.advance(Duration::from_secs(10));
    file.write_at(b"ours", 10, Privileges::Keep).unwrap();
    content[10..14].copy_from_slice(b"ours");
    assert!(bench.cache.read("file").unwrap() == content);
}

#[test]
fn around_writes_reach_the_backing_and_leave_the_cache() {
    let bench = Bench::new(|cache| cache.write_mode(cachefs::WriteMode::Around));
    let mut content = bytes(1, 300 * KIB);
    bench.backing.write("file", &content).unwrap();
    assert!(bench.cache.read("file").unwrap() == content);
    let file = bench.cache.open("file", read_write()).unwrap();
    file.write_at(b"ours", 100_000, Privileges::Keep).unwrap();
    content[100_000..100_004].copy_from_slice(b"ours");
    assert!(bench.backing.read("file").unwrap() == content);
    bench.counts.reset();
    assert!(bench.cache.read("file").unwrap() == content);
    let counts = bench.counts.snapshot();
    assert!(counts.bytes_read <= 128 * KIB as u64, "only what was written: {:?}", counts.called());
    assert_eq!(counts.of(CallKind::ReadMany), 1);
}

#[test]
fn a_file_replaced_by_others_is_never_mixed() {
    let bench = Bench::new(|cache| cache.memory(128 * KIB));
    let (old, new) = (vec![1; 400 * KIB], vec![2; 500 * KIB]);
    bench.backing.write("file", &old).unwrap();
    let file = bench.cache.open("file", OpenHow::new(Access::Read)).unwrap();
    let mut buffer = vec![0; 600 * KIB];
    assert_eq!(file.read_at(&mut buffer[..1000], 0).unwrap(), 1000);
    bench.backing.write("temporary", &new).unwrap();
    bench.backing.rename("temporary", "file").unwrap();
    assert_eq!(file.read_at(&mut buffer, 0).unwrap(), old.len());
    assert!(buffer[..old.len()] == old);
    bench.expire();
    assert_eq!(file.read_at(&mut buffer, 0).unwrap(), old.len());
    assert!(buffer[..old.len()] == old);
    assert!(bench.cache.read("file").unwrap() == new);
}

#[test]
fn a_file_cut_by_others_ends_where_it_ends_now() {
    let bench = Bench::new(|cache| cache.memory(64 * KIB));
    bench.backing.write("file", &bytes(1, 400 * KIB)).unwrap();
    let file = bench.cache.open("file", OpenHow::new(Access::Read)).unwrap();
    let mut buffer = vec![0; 400 * KIB];
    assert_eq!(file.read_at(&mut buffer[..10], 0).unwrap(), 10);
    bench.backing.set_len("file", 100).unwrap();
    assert_eq!(file.read_at(&mut buffer, 0).unwrap(), 100, "the backing said so, lifetime or not");
    assert!(buffer[..100] == bytes(1, 400 * KIB)[..100]);
}

#[test]
fn a_listing_goes_on_while_its_entries_are_removed() {
    let bench = Bench::new(|cache| cache.listing_entries(1000));
    bench.backing.create_dir("dir").unwrap();
    for number in 0..5000 {
        bench.backing.write(format!("dir/{number}"), b"").unwrap();
    }
    let dir = bench.cache.dir("dir").unwrap();
    let (mut place, mut removed) = (cachefs_vfs::Cookie::START, 0);
    loop {
        let mut found = Vec::new();
        dir.read_dir(place, &mut |entry| {
            if found.len() == 64 {
                return std::ops::ControlFlow::Break(());
            }
            place = entry.next;
            found.push(entry.name.as_os_str().to_owned());
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
        if found.is_empty() {
            break;
        }
        for file in found {
            dir.remove(cachefs_vfs::Name::new(&file).unwrap(), RemoveKind::File).unwrap();
            removed += 1;
        }
    }
    assert_eq!(removed, 5000);
    assert!(bench.backing.list("dir").unwrap().is_empty());
}
