use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use cachefs_testkit::{CallKind, Rule};
use cachefs_vfs::{Name, Privileges, RemoveKind, SetAttr, SetTime, Time};

use cachefs_writeback::Config;

use super::bench::{Bench, PATIENCE, config, read, until, write};

/// Runs `meanwhile` while the flush of `f` hangs in its write to the backing.
fn while_writing(bench: &Bench, meanwhile: impl FnOnce()) {
    let hang = bench.backing.add(Rule::on(CallKind::Write).hang()).release_on_drop();
    thread::scope(|scope| {
        let flush = scope.spawn(|| bench.fs.flush_path("f".as_ref()));
        assert!(hang.wait_waiting(1, PATIENCE));
        meanwhile();
        hang.release();
        flush.join().unwrap().unwrap();
    });
}

#[test]
fn what_is_written_during_a_flush_is_the_next_ones() {
    let bench = Bench::new();
    let file = bench.dirty("f", b"aaaaaaaa");
    while_writing(&bench, || {
        write(&*file, b"BB", 2);
        assert_eq!(read(&*file), b"aaBBaaaa", "nobody waits for a flush");
    });
    assert_eq!(read(&*file), b"aaBBaaaa");
    assert_eq!(bench.fs.status().dirty_bytes, 2);
    bench.flush();
    assert_eq!(bench.beneath("f"), b"aaBBaaaa");
    assert_eq!(bench.fs.status().conflicts, 0);
}

#[test]
fn a_truncation_during_a_flush_cuts_what_it_wrote() {
    let bench = Bench::new();
    let file = bench.dirty("f", b"aaaaaaaa");
    thread::scope(|scope| {
        let mut cut = None;
        while_writing(&bench, || {
            let file = &file;
            cut = Some(scope.spawn(move || file.set_len(3, Privileges::Keep).unwrap()));
        });
        assert_eq!(cut.unwrap().join().unwrap().size, 3);
    });
    assert_eq!(read(&*file), b"aaa");
    write(&*file, b"z", 5);
    assert_eq!(read(&*file), b"aaa\0\0z", "what was cut off does not come back");
    bench.flush();
    assert_eq!(bench.beneath("f"), b"aaa\0\0z");
}

#[test]
fn a_file_removed_during_a_flush_is_read_by_who_has_it_open() {
    let bench = Bench::new();
    let file = bench.dirty("f", b"aaaaaaaa");
    thread::scope(|scope| {
        let root = bench.root();
        let mut gone = None;
        while_writing(&bench, || {
            gone = Some(scope.spawn(move || root.remove(Name::new("f").unwrap(), RemoveKind::File)));
            write(&*file, b"BB", 6);
        });
        gone.unwrap().join().unwrap().unwrap();
    });
    assert_eq!(read(&*file), b"aaaaaaBB");
    bench.flush();
    assert_eq!(read(&*file), b"aaaaaaBB", "in the nameless file");
    write(&*file, b"C", 0);
    assert_eq!(bench.fs.status().dirty_files, 1);
    drop(file);
    assert_eq!(bench.fs.status().dirty_files, 0, "nobody can read it any more");
    assert!(bench.names("").is_empty());
    assert_eq!(bench.fs.status().conflicts, 0);
}

#[test]
fn a_time_set_by_a_user_outlives_the_flush() {
    let bench = Bench::new();
    let file = bench.dirty("f", b"aaaaaaaa");
    let mtime = Time { seconds: 1_000_000_007, nanos: 5 };
    let set = SetAttr { mtime: Some(SetTime::To(mtime)), ..SetAttr::default() };
    thread::scope(|scope| {
        let mut setting = None;
        while_writing(&bench, || {
            let (file, set) = (&file, &set);
            setting = Some(scope.spawn(move || file.set_attr(set).unwrap()));
        });
        assert_eq!(setting.unwrap().join().unwrap().mtime, mtime);
    });
    assert_eq!(file.attr().unwrap().mtime, mtime);
    write(&*file, b"b", 0);
    assert_ne!(file.attr().unwrap().mtime, mtime, "a write counts again");
    file.set_attr(&set).unwrap();
    bench.flush();
    assert_eq!(file.attr().unwrap().mtime, mtime);
    assert_eq!(bench.fs.status().conflicts, 0);
}

#[test]
fn a_flush_is_not_to_be_seen_in_the_attributes() {
    let bench = Bench::new();
    let file = bench.dirty("f", b"aaaaaaaa");
    bench.clock.advance(Duration::from_secs(3));
    let root = bench.root();
    let stat = || root.stat(Name::new("f").unwrap()).unwrap();
    let before = (file.attr().unwrap().version(), stat().version());
    assert_eq!(before.0, before.1);
    bench.flush();
    assert_eq!((file.attr().unwrap().version(), stat().version()), before);
    file.set_attr(&SetAttr { mode: Some(cachefs_vfs::Mode::new(0o600)), ..SetAttr::default() }).unwrap();
    assert_ne!(file.attr().unwrap().ctime, before.0.ctime, "a real change is");
}

#[test]
fn a_file_that_grows_for_ever_is_flushed() {
    let bench = Bench::new();
    let file = bench.open("f");
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                file.append(&[7; 4096], Privileges::Keep).unwrap();
            }
        });
        super::bench::until("the first write", || bench.fs.status().dirty_bytes > 0);
        let flushed: Vec<_> = (0..5).map(|_| bench.fs.flush_path("f".as_ref())).collect();
        stop.store(true, Ordering::Relaxed);
        assert!(flushed.iter().all(Result::is_ok), "{flushed:?}");
    });
    bench.flush();
    let there = bench.beneath("f");
    assert_eq!(there.len() as u64, file.attr().unwrap().size);
    assert!(there.iter().all(|byte| *byte == 7));
    assert_eq!(bench.fs.status().conflicts, 0);
}

#[test]
fn neighbours_go_in_one_write() {
    let bench = Bench::new();
    let file = bench.open("f");
    for block in (0..64_u64).rev() {
        write(&*file, &[u8::try_from(block).unwrap(); 4096], block * 4096);
    }
    let writes =
        bench.backing.add(Rule::on(CallKind::Write).then(cachefs_testkit::Fault::Delay(Duration::ZERO)));
    bench.flush();
    assert_eq!(writes.seen(), 1);
    let there = bench.beneath("f");
    assert!((0..64).all(|block| there[block * 4096] == u8::try_from(block).unwrap()));
}

#[test]
fn files_that_become_dirty_at_once_call_the_flushers() {
    let soon = Duration::from_millis(2);
    let bench = Bench::with(Config { flushers: 1, flush_after: soon, ..config() });
    let files: Vec<_> = (0..4).map(|file| bench.open(&format!("f{file}"))).collect();
    let start = Barrier::new(files.len());
    for _ in 0..300 {
        thread::scope(|scope| {
            for file in &files {
                scope.spawn(|| {
                    start.wait();
                    write(&**file, b"soon", 0);
                });
            }
        });
        bench.clock.advance(soon);
        until("all are flushed", || bench.fs.status().dirty_files == 0);
    }
}
