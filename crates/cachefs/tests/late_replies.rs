//! Replies of the backing that arrive late: after a change of ours they were asked for before, or during.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use cachefs_testkit::{CallKind, Fault, Rule};
use cachefs_vfs::{
    Access, CreateHow, MemFs, Mode, OpenHow, Owner, Privileges, SetAttr, SetTime, Time, VFile, Vfs, VfsExt,
};

use support::gate::LateBench;
use support::name;

const KIB: usize = 1 << 10;

fn open(fs: &dyn Vfs, path: &str) -> Arc<dyn VFile> {
    fs.open(path, OpenHow::new(Access::ReadWrite)).unwrap()
}

fn write_foreign(backing: &MemFs, path: &str, data: &[u8]) {
    assert_eq!(open(backing, path).write_at(data, 0, Privileges::Keep).unwrap(), data.len());
}

fn contents(file: &dyn VFile) -> Vec<u8> {
    let mut buffer = vec![0xEE; 1 << 20];
    let count = file.read_at(&mut buffer, 0).unwrap();
    buffer.truncate(count);
    buffer
}

/// What others change after a load has read it is not taken for ours by `change`, which falls between the two ends of
/// the load.
fn check_a_load_that_others_overtake(change: impl Fn(&dyn VFile)) {
    let bench = LateBench::new(|cache| cache);
    bench.backing.write("f", &vec![b'a'; 256 * KIB]).unwrap();
    let file = open(&bench.cache, "f");
    bench.gate().hold(CallKind::ReadMany, "f");
    thread::scope(|scope| {
        let _release = bench.gate().release_on_drop();
        let reader = scope.spawn(|| file.read_at(&mut [0; 1000], 0).unwrap());
        bench.gate().wait();
        write_foreign(&bench.backing, "f", b"FOREIGN");
        bench.clock.advance(Duration::from_millis(500));
        change(&*file);
        bench.gate().release();
        reader.join().unwrap();
    });
    for _ in 0..2 {
        bench.clock.advance(Duration::from_secs(5));
        assert!(contents(&*file) == bench.backing.read("f").unwrap());
    }
}

#[test]
fn a_load_under_way_does_not_hide_a_foreign_change_from_our_write() {
    check_a_load_that_others_overtake(|file| {
        assert_eq!(file.write_at(b"own", 200_000, Privileges::Keep).unwrap(), 3);
    });
}

#[test]
fn a_load_under_way_does_not_hide_a_foreign_change_from_our_utimes() {
    check_a_load_that_others_overtake(|file| {
        let mtime = SetTime::To(Time { seconds: 5, nanos: 0 });
        file.set_attr(&SetAttr { mtime: Some(mtime), ..SetAttr::default() }).unwrap();
    });
}

#[test]
fn attributes_from_during_a_write_are_not_learnt_after_it() {
    let bench = LateBench::new(|cache| cache);
    bench.backing.write("f", b"short").unwrap();
    bench.backing.link("f", "g").unwrap();
    let file = open(&bench.cache, "f");
    let hang = bench.faults.add(Rule::on(CallKind::Write).then(Fault::Hang)).release_on_drop();
    bench.gate().hold(CallKind::Stat, "g");
    thread::scope(|scope| {
        let _release = bench.gate().release_on_drop();
        let writer = scope.spawn(|| file.write_at(&[b'w'; 1000], 0, Privileges::Keep).unwrap());
        assert!(hang.wait_waiting(1, Duration::from_secs(20)));
        let stat = scope.spawn(|| bench.cache.stat("g").unwrap());
        bench.gate().wait();
        hang.release();
        writer.join().unwrap();
        assert_eq!(contents(&*file).len(), 1000, "before the late reply");
        bench.gate().release();
        stat.join().unwrap();
    });
    assert_eq!(file.attr().unwrap().size, 1000);
    assert_eq!(contents(&*file).len(), 1000);
}

/// The reply of an open that cuts the file arrives after a write that followed the cut; what `after` does then.
fn check_a_late_cut(after: impl FnOnce(&LateBench, &dyn VFile)) {
    let bench = LateBench::new(|cache| cache);
    bench.backing.write("f", b"before").unwrap();
    let file = open(&bench.cache, "f");
    bench.gate().hold(CallKind::Open, "f");
    thread::scope(|scope| {
        let _release = bench.gate().release_on_drop();
        let cutter = scope.spawn(|| {
            let how = OpenHow { truncate: true, ..OpenHow::new(Access::Write) };
            drop(bench.cache.open("f", how).unwrap());
        });
        bench.gate().wait();
        assert_eq!(bench.backing.stat("f").unwrap().size, 0);
        file.write_at(&[b'w'; 100], 0, Privileges::Keep).unwrap();
        bench.gate().release();
        cutter.join().unwrap();
    });
    after(&bench, &*file);
}

#[test]
fn a_late_reply_of_a_cut_does_not_hide_the_write_after_it() {
    check_a_late_cut(|_, file| assert_eq!(contents(file), [b'w'; 100]));
}

#[test]
fn a_write_beyond_the_end_after_a_late_reply_of_a_cut_makes_up_no_zeros() {
    check_a_late_cut(|bench, file| {
        file.write_at(&[b'x'; 10], 200, Privileges::Keep).unwrap();
        bench.clock.advance(Duration::from_secs(60));
        assert!(contents(file) == bench.backing.read("f").unwrap());
    });
}

#[test]
fn a_late_reply_of_a_creation_does_not_hide_the_write_after_it() {
    let bench = LateBench::new(|cache| cache);
    let root = bench.cache.root().unwrap();
    bench.gate().hold(CallKind::Create, "f");
    let file = thread::scope(|scope| {
        let _release = bench.gate().release_on_drop();
        let creator = scope.spawn(|| {
            let open = OpenHow::new(Access::Write);
            let how = CreateHow { open, mode: Mode::new(0o644), exclusive: true };
            drop(root.create(name("f"), how, &Owner::process()).unwrap());
        });
        bench.gate().wait();
        let file = open(&bench.cache, "f");
        file.write_at(&[b'w'; 100], 0, Privileges::Keep).unwrap();
        bench.gate().release();
        creator.join().unwrap();
        file
    });
    assert_eq!(contents(&*file), [b'w'; 100]);
}

#[test]
fn a_stat_during_a_link_does_not_keep_the_old_number_of_links() {
    let bench = LateBench::new(|cache| cache);
    bench.backing.write("f", b"x").unwrap();
    let file = open(&bench.cache, "f");
    let hang = bench.faults.add(Rule::on(CallKind::HardLink).then(Fault::Hang)).release_on_drop();
    thread::scope(|scope| {
        let linker = scope.spawn(|| bench.cache.link("f", "g").unwrap());
        assert!(hang.wait_waiting(1, Duration::from_secs(20)));
        bench.clock.advance(Duration::from_millis(4));
        assert_eq!(file.attr().unwrap().links, 1);
        hang.release();
        linker.join().unwrap();
    });
    assert_eq!(file.attr().unwrap().links, 2);
}
