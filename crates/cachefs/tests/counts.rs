//! What a verb costs at the backing, counted.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use cachefs::CacheFs;
use cachefs::stats::Counter;
use cachefs_testkit::{CallKind, CountFs, Fault, FaultFs, Rule};
use cachefs_vfs::{
    Access, CreateHow, Errno, MemFs, Mode, Name, OpenHow, Owner, Privileges, SyncHow, Vfs, VfsExt, nowait,
};

use support::{Bench, bytes, name, wait_until};

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

#[test]
fn a_second_read_of_a_tree_makes_no_call() {
    let bench = Bench::new(|cache| cache);
    for dir in ["a", "a/b", "c"] {
        bench.backing.create_dir(dir).unwrap();
    }
    for (number, path) in ["a/one", "a/b/two", "a/b/three", "c/empty", "top"].into_iter().enumerate() {
        let length = [0, 20 * KIB, 3 * MIB][number % 3];
        bench.backing.write(path, &bytes(number as u64, length)).unwrap();
    }
    let read_all = || {
        let mut contents = Vec::new();
        for entry in bench.cache.walk("").unwrap() {
            let entry = entry.unwrap();
            if entry.kind.is_regular() {
                contents.push((entry.path.clone(), bench.cache.read(&entry.path).unwrap()));
            }
        }
        contents
    };
    let first = read_all();
    assert_eq!(first.len(), 5);
    bench.counts.reset();
    assert_eq!(read_all(), first);
    assert_eq!(bench.counts.snapshot().called(), []);
}

#[test]
fn a_cold_small_file_costs_three_calls() {
    let bench = Bench::new(|cache| cache);
    bench.backing.create_dir_all("a/b").unwrap();
    bench.backing.write("a/b/file", &bytes(1, 20 * KIB)).unwrap();
    let dir = bench.cache.dir("a/b").unwrap();
    bench.counts.reset();
    assert_eq!(dir.stat(name("file")).unwrap().size, 20 * KIB as u64);
    let file = dir.open(name("file"), OpenHow::new(Access::Read)).unwrap().handle;
    let mut buffer = vec![0; 128 * KIB];
    assert_eq!(file.read_at(&mut buffer, 0).unwrap(), 20 * KIB);
    assert_eq!(file.read_at(&mut buffer, 20 * KIB as u64).unwrap(), 0);
    assert_eq!(buffer[..20 * KIB], bytes(1, 20 * KIB));
    let calls = [(CallKind::Stat, 1), (CallKind::Open, 1), (CallKind::ReadMany, 1)];
    assert_eq!(bench.counts.snapshot().called(), calls);
}

#[test]
fn an_open_without_a_stat_saves_the_stat() {
    let bench = Bench::new(|cache| cache);
    bench.backing.write("file", b"content").unwrap();
    bench.counts.reset();
    assert_eq!(bench.cache.read("file").unwrap(), b"content");
    assert_eq!(bench.counts.snapshot().called(), [(CallKind::Open, 1), (CallKind::ReadMany, 1)]);
}

#[test]
fn stats_missing_names_and_listings_are_asked_for_once() {
    let bench = Bench::new(|cache| cache);
    for number in 0..64 {
        bench.backing.write(format!("file{number}"), b"x").unwrap();
    }
    let look = || {
        for number in 0..64 {
            assert_eq!(bench.cache.stat(format!("file{number}")).unwrap().size, 1);
        }
        for number in 0..20 {
            assert!(!bench.cache.exists(format!("none{number}")).unwrap());
        }
        assert_eq!(bench.cache.list("").unwrap().len(), 64);
    };
    look();
    assert_eq!(bench.counts.snapshot().of(CallKind::Stat), 84);
    bench.counts.reset();
    look();
    assert_eq!(bench.counts.snapshot().called(), []);
    let stats = bench.cache.stats();
    assert_eq!((stats.get(Counter::NameHit), stats.get(Counter::NegativeHit)), (64, 20));
    assert_eq!((stats.get(Counter::ListingHit), stats.get(Counter::ListingMiss)), (1, 1));
}

#[test]
fn a_small_write_into_a_large_cached_file_loads_nothing() {
    let bench = Bench::new(|cache| cache.memory(96 * MIB));
    let mut content = bytes(7, 64 * MIB);
    bench.backing.write("large", &content).unwrap();
    assert!(bench.cache.read("large").unwrap() == content);
    let file = bench.cache.open("large", OpenHow::new(Access::ReadWrite)).unwrap();
    let patch = bytes(8, 4 * KIB);
    let offset = 33 * MIB + 60 * KIB + 5;
    bench.counts.reset();
    assert_eq!(file.write_at(&patch, offset as u64, Privileges::Keep).unwrap(), patch.len());
    content[offset..offset + patch.len()].copy_from_slice(&patch);
    assert!(bench.cache.read("large").unwrap() == content);
    assert_eq!(bench.counts.snapshot().bytes_read, 0);
    assert!(bench.backing.read("large").unwrap() == content);
    bench.clock.advance(Duration::from_secs(5));
    assert!(bench.cache.read("large").unwrap() == content);
    assert_eq!(bench.counts.snapshot().bytes_read, 0, "our own change is no reason to load anything again");
}

#[test]
fn what_was_written_is_read_without_a_load() {
    let bench = Bench::new(|cache| cache);
    let content = bytes(3, 5 * MIB + 77);
    bench.cache.write("new", &content).unwrap();
    bench.counts.reset();
    assert!(bench.cache.read("new").unwrap() == content);
    // Whether it may be read is for the backing to say, once.
    assert_eq!(bench.counts.snapshot().called(), [(CallKind::Open, 1)]);
}

#[test]
fn own_changes_of_attributes_and_names_keep_the_bytes() {
    let bench = Bench::new(|cache| cache);
    let content = bytes(3, 300 * KIB);
    bench.backing.create_dir("dir").unwrap();
    bench.backing.write("file", &content).unwrap();
    assert!(bench.cache.read("file").unwrap() == content);
    let file = bench.cache.open("file", OpenHow::new(Access::Path)).unwrap();
    let set = cachefs_vfs::SetAttr { mode: Some(Mode::new(0o600)), ..Default::default() };
    file.set_attr(&set).unwrap();
    file.set_xattr("user.x".as_ref(), b"1", cachefs_vfs::XattrHow::Set).unwrap();
    bench.cache.link("file", "dir/second").unwrap();
    bench.cache.rename("file", "dir/moved").unwrap();
    bench.cache.remove_file("dir/second").unwrap();
    bench.clock.advance(Duration::from_secs(5));
    bench.counts.reset();
    assert!(bench.cache.read("dir/moved").unwrap() == content);
    assert_eq!(bench.counts.snapshot().bytes_read, 0);
}

#[test]
fn sixteen_readers_of_one_block_make_one_call() {
    let faults = Arc::new(FaultFs::new(Arc::new(MemFs::new())));
    let counts = Arc::new(CountFs::new(faults.clone()));
    let cache = CacheFs::builder(counts.clone()).workers(0).build().unwrap();
    let content = bytes(5, 64 * KIB);
    faults.inner().write("file", &content).unwrap();
    counts.reset();
    thread::scope(|scope| {
        let hang = faults.add(Rule::on(CallKind::ReadMany).then(Fault::Hang)).release_on_drop();
        let readers: Vec<_> = (0..16).map(|_| scope.spawn(|| cache.read("file").unwrap())).collect();
        wait_until("fifteen followers", || cache.stats().get(Counter::Coalesced) == 15);
        assert_eq!(hang.waiting(), 1);
        hang.release();
        for reader in readers {
            assert!(reader.join().unwrap() == content);
        }
    });
    assert_eq!(counts.snapshot().of(CallKind::ReadMany), 1);
}

#[test]
fn twelve_readers_of_a_cold_file_fetch_it_once() {
    let bench = Bench::new(|cache| cache);
    let content = bytes(9, MIB);
    bench.backing.write("file", &content).unwrap();
    let start = Barrier::new(12);
    thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| {
                start.wait();
                assert!(bench.cache.read("file").unwrap() == content);
            });
        }
    });
    bench.settle();
    assert_eq!(bench.counts.snapshot().bytes_read, MIB as u64);
}

#[test]
fn cold_files_asked_for_at_once_are_loaded_at_once() {
    const FILES: usize = 32;
    let faults = Arc::new(FaultFs::new(Arc::new(MemFs::new())));
    for file in 0..FILES {
        faults.inner().write(file.to_string(), &bytes(file as u64, 20_000)).unwrap();
    }
    let cache = CacheFs::builder(faults.clone()).build().unwrap();
    for step in [CallKind::Stat, CallKind::Open, CallKind::ReadMany] {
        cache.clear();
        thread::scope(|scope| {
            let hang = faults.add(Rule::on(step).then(Fault::Hang)).release_on_drop();
            let read = |file: usize| cache.stat(file.to_string()).and(cache.read(file.to_string()));
            let readers: Vec<_> = (0..FILES).map(|file| scope.spawn(move || read(file))).collect();
            wait_until("all of them at the backing", || hang.waiting() == FILES);
            hang.release();
            for (file, reader) in readers.into_iter().enumerate() {
                assert!(reader.join().unwrap().unwrap() == bytes(file as u64, 20_000));
            }
        });
    }
}

#[test]
fn reading_ahead_loads_each_block_once_and_in_large_calls() {
    let bench = Bench::new(|cache| cache.readahead(4 << 20));
    let content = bytes(2, 16 * MIB);
    bench.backing.write("file", &content).unwrap();
    let file = bench.cache.open("file", OpenHow::new(Access::Read)).unwrap();
    let mut buffer = vec![0; 128 * KIB];
    for offset in (0..content.len()).step_by(buffer.len()) {
        assert_eq!(file.read_at(&mut buffer, offset as u64).unwrap(), buffer.len());
        assert!(buffer == content[offset..offset + buffer.len()]);
    }
    bench.settle();
    let counts = bench.counts.snapshot();
    assert_eq!(counts.bytes_read, 16 * MIB as u64);
    assert!(counts.of(CallKind::ReadMany) < 128, "{:?}", counts.called());
}

#[test]
fn a_caller_that_must_not_wait_gets_hits_and_changes_nothing() {
    let bench = Bench::new(|cache| cache);
    bench.backing.write("known", b"known").unwrap();
    bench.backing.write("other", b"other").unwrap();
    assert_eq!(bench.cache.read("known").unwrap(), b"known");
    bench.backing.create_dir("dir").unwrap();
    bench.cache.list("dir").unwrap();
    let before = (bench.cache.stats(), bench.counts.calls());
    nowait::scope(|| {
        let blocked = Some(Errno::WOULDBLOCK);
        let root = bench.cache.root().unwrap();
        assert_eq!(bench.cache.read("known").unwrap(), b"known");
        assert!(bench.cache.list("dir").unwrap().is_empty());
        assert_eq!(bench.cache.list("").err().map(|e| e.errno()), blocked);
        assert_eq!(bench.cache.read("other").err().map(|e| e.errno()), blocked);
        assert_eq!(bench.cache.stat("other").err().map(|e| e.errno()), blocked);
        assert_eq!(bench.cache.write("known", b"x").err().map(|e| e.errno()), blocked);
        assert_eq!(bench.cache.remove_file("known").err().map(|e| e.errno()), blocked);
        assert_eq!(bench.cache.rename("known", "new").err().map(|e| e.errno()), blocked);
        assert_eq!(root.sync().err().map(|e| e.errno()), blocked);
    });
    assert_eq!(bench.counts.calls(), before.1);
    let stats = bench.cache.stats().since(&before.0);
    assert_eq!((stats.get(Counter::DataMiss), stats.get(Counter::NameMiss)), (0, 0));
    assert_eq!(bench.cache.read("known").unwrap(), b"known");
    assert_eq!(bench.cache.read("other").unwrap(), b"other");
}

#[test]
fn a_verb_that_hangs_leaves_hits_alone() {
    let faults = Arc::new(FaultFs::new(Arc::new(MemFs::new())));
    let cache = CacheFs::builder(faults.clone()).ttl(Duration::from_secs(600)).build().unwrap();
    faults.inner().create_dir("hung").unwrap();
    faults.inner().write("hung/file", &bytes(1, 100 * KIB)).unwrap();
    faults.inner().write("fine", &bytes(2, 100 * KIB)).unwrap();
    let fine = cache.read("fine").unwrap();
    cache.stat("hung/file").unwrap();
    faults.inner().write("hung/other", b"x").unwrap();
    thread::scope(|scope| {
        let hang = faults.add(Rule::any().within("hung").then(Fault::Hang)).release_on_drop();
        let reader = scope.spawn(|| cache.read("hung/file"));
        let remover = scope.spawn(|| cache.remove_file("hung/other"));
        wait_until("both hang", || hang.waiting() == 2);
        for _ in 0..1000 {
            assert!(cache.read("fine").unwrap() == fine);
            assert_eq!(cache.stat("hung").unwrap().kind, cachefs_vfs::FileKind::Directory);
        }
        cache.write("elsewhere", b"works").unwrap();
        cache.rename("elsewhere", "there").unwrap();
        hang.release();
        assert_eq!(reader.join().unwrap().unwrap().len(), 100 * KIB);
        remover.join().unwrap().unwrap();
    });
}

#[test]
fn a_created_file_stays_writable_whatever_its_mode() {
    let bench = Bench::new(|cache| cache.handles_max(1));
    let root = bench.cache.root().unwrap();
    let how = CreateHow { open: OpenHow::new(Access::ReadWrite), mode: Mode::new(0o400), exclusive: true };
    let file = root.create(name("locked"), how, &Owner::process()).unwrap().handle;
    for number in 0..4 {
        bench.backing.write(format!("other{number}"), b"x").unwrap();
        bench.cache.read(format!("other{number}")).unwrap();
    }
    file.write_at(b"written", 0, Privileges::Keep).unwrap();
    file.sync(SyncHow::All).unwrap();
    assert_eq!(bench.backing.read("locked").unwrap(), b"written");
}

#[test]
fn names_are_checked_by_name() {
    assert_eq!(Name::new("a/b").unwrap_err().errno(), Errno::INVAL);
    let bench = Bench::new(|cache| cache);
    assert_eq!(bench.cache.invalidate("../x").unwrap_err().errno(), Errno::INVAL);
}
