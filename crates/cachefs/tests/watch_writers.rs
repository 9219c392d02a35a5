//! Files that others have open for writing are changed through mappings, of which nobody is told.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use cachefs::stats::Counter;
use cachefs_testkit::CallKind;
use cachefs_vfs::{Access, Notice, OpenHow, Privileges, Subject, Touch, VFile, Vfs, VfsExt, WatchMethod};

use support::outside::{WatchBench, watching};
use support::{bytes, wait_until};

const KIB: usize = 1 << 10;

fn open(fs: &dyn Vfs, path: &str, access: Access) -> Arc<dyn VFile> {
    fs.open(path, OpenHow::new(access)).unwrap()
}

fn bench() -> WatchBench {
    let bench = WatchBench::new(|cache| cache);
    bench.others.write("file", &bytes(1, 100 * KIB)).unwrap();
    bench.cache.read("file").unwrap();
    bench
}

/// As through a mapping.
fn store(bench: &WatchBench, path: &str, data: &[u8]) {
    open(&*bench.memory, path, Access::Write).write_at(data, 0, Privileges::Keep).unwrap();
}

fn rechecked(bench: &WatchBench) -> usize {
    bench.cache.coherence().watch.unwrap().files_rechecked
}

#[test]
fn what_others_write_to_is_loaded_again_at_each_look_and_not_after_they_closed_it() {
    let bench = bench();
    let writer = open(&*bench.others, "file", Access::ReadWrite);
    assert_eq!(rechecked(&bench), 1);
    bench.cache.read("file").unwrap();
    bench.unasked(|cache| cache.read("file").unwrap());
    for content in [b"first", b"secnd"] {
        store(&bench, "file", content);
        bench.cache.recheck();
        assert!(bench.cache.read("file").unwrap().starts_with(content));
    }
    drop(writer);
    bench.cache.read("file").unwrap();
    bench.cache.recheck();
    assert_eq!(rechecked(&bench), 0);
    bench.unasked(|cache| cache.read("file").unwrap());
    assert_eq!(bench.cache.stats().get(Counter::WritersRechecked), 3);
}

#[test]
fn a_writer_that_was_there_before_us_is_found() {
    let bench = WatchBench::new(|cache| cache);
    bench.others.write("file", b"content").unwrap();
    let _writer = open(&*bench.others, "file", Access::ReadWrite);
    bench.cache.read("file").unwrap();
    assert_eq!(rechecked(&bench), 1);
}

#[test]
fn a_writer_that_came_after_us_is_found_when_it_writes_where_opens_are_not_told_of() {
    let bench = WatchBench::with(watching(WatchMethod::Inotify), |cache| cache);
    bench.others.write("file", b"content").unwrap();
    bench.cache.read("file").unwrap();
    let writer = open(&*bench.others, "file", Access::ReadWrite);
    assert_eq!(rechecked(&bench), 0);
    writer.write_at(b"more", 0, Privileges::Keep).unwrap();
    bench.cache.read("file").unwrap();
    assert_eq!(rechecked(&bench), 1);
}

#[test]
fn a_writer_that_comes_while_we_look_for_one_is_found() {
    let bench = WatchBench::new(|cache| cache);
    bench.others.write("file", b"content").unwrap();
    assert!(!bench.cache.exists("other").unwrap());
    bench.gate().hold(CallKind::HasWriter, "file");
    let _writer = thread::scope(|scope| {
        let _release = bench.gate().release_on_drop();
        let reader = scope.spawn(|| bench.cache.read("file").unwrap());
        bench.gate().wait();
        let writer = open(&*bench.others, "file", Access::ReadWrite);
        bench.gate().release();
        reader.join().unwrap();
        writer
    });
    assert_eq!(rechecked(&bench), 1);
}

#[test]
fn a_writer_that_comes_while_we_look_again_is_not_forgotten() {
    let bench = bench();
    drop(open(&*bench.others, "file", Access::Read));
    assert_eq!(rechecked(&bench), 1);
    bench.gate().hold(CallKind::HasWriter, "file");
    let _writer = thread::scope(|scope| {
        let _release = bench.gate().release_on_drop();
        let look = scope.spawn(|| bench.cache.recheck());
        bench.gate().wait();
        let writer = open(&*bench.others, "file", Access::ReadWrite);
        bench.gate().release();
        look.join().unwrap();
        writer
    });
    assert_eq!(rechecked(&bench), 1);
}

#[test]
fn a_writer_that_nobody_told_of_is_looked_for_after_lost_notices() {
    let bench = bench();
    bench.told.hold();
    let _writer = open(&*bench.others, "file", Access::ReadWrite);
    bench.told.overflow();
    bench.told.release();
    assert_eq!(rechecked(&bench), 1);
}

#[test]
fn what_others_only_read_is_looked_at_once() {
    let bench = bench();
    let _reader = open(&*bench.others, "file", Access::Read);
    assert_eq!(rechecked(&bench), 1);
    bench.cache.recheck();
    assert_eq!(rechecked(&bench), 0);
    bench.unasked(|cache| cache.read("file").unwrap());
}

#[test]
fn what_is_open_here_for_writing_is_not_looked_at() {
    let bench = bench();
    let _writer = open(&bench.cache, "file", Access::ReadWrite);
    bench.cache.read("file").unwrap();
    assert_eq!(rechecked(&bench), 0);
}

#[test]
fn it_is_looked_at_by_itself() {
    let bench = WatchBench::new(|cache| cache.recheck(Duration::from_millis(1)));
    bench.others.write("file", b"content").unwrap();
    let _writer = open(&*bench.others, "file", Access::ReadWrite);
    bench.cache.read("file").unwrap();
    wait_until("a look", || bench.cache.stats().get(Counter::WritersRechecked) > 3);
}

#[test]
fn beyond_what_is_looked_at_files_have_lifetimes() {
    let bench = WatchBench::new(|cache| cache);
    let root = bench.memory.stat("").unwrap().id;
    let names: Vec<_> = (0..4100).map(|number| format!("{number}")).collect();
    for name in &names {
        bench.memory.write(name, b"before").unwrap();
        bench.cache.read(name).unwrap();
        let at = Some((root, support::name(name)));
        let whose = Subject { id: Some(bench.memory.stat(name).unwrap().id), at };
        bench.told.tell(Notice::Inode { whose, touch: Touch::Opened });
    }
    assert_eq!(rechecked(&bench), 4096);
    let last = &names[4099];
    store(&bench, last, b"behind");
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(bench.cache.read(last).unwrap(), b"behind");
    bench.cache.recheck();
    assert_eq!(rechecked(&bench), 0, "nobody wrote");
    // There is room for it now.
    bench.clock.advance(Duration::from_secs(1));
    bench.cache.stat(last).unwrap();
    bench.cache.recheck();
    bench.cache.stat(last).unwrap();
    bench.clock.advance(Duration::from_secs(1));
    bench.cache.stat(last).unwrap();
    bench.unasked(|cache| cache.stat(last).unwrap());
}

#[test]
fn a_backing_that_cannot_tell_is_asked_once() {
    let bench = WatchBench::new(|cache| cache);
    bench.others.write("file", b"content").unwrap();
    bench.cache.read("file").unwrap();
    assert_eq!(bench.counts.snapshot().of(CallKind::HasWriter), 1);
}

#[test]
fn who_opens_a_file_again_finds_those_out_who_write_to_it() {
    let bench = WatchBench::new(|cache| cache);
    bench.others.write("file", &bytes(1, 100 * KIB)).unwrap();
    let _writer = open(&*bench.others, "file", Access::ReadWrite);
    let path = open(&bench.cache, "file", Access::Path);
    assert_eq!(rechecked(&bench), 0, "nothing of it is read");
    let file = path.reopen(OpenHow::new(Access::Read)).unwrap();
    assert_eq!(rechecked(&bench), 1);
    let mut start = [0; 5];
    file.read_at(&mut start, 0).unwrap();
    store(&bench, "file", b"first");
    bench.cache.recheck();
    file.read_at(&mut start, 0).unwrap();
    assert_eq!(&start, b"first");
}
