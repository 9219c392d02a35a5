use std::thread;
use std::time::Duration;

use cachefs_testkit::{CallKind, Fault, Rule};
use cachefs_vfs::{Errno, Mode, Privileges, SetAttr, SyncHow};

use super::bench::{Bench, PATIENCE, config, errno, read, write};

/// Three places of one file are dirty.
fn in_three(bench: &Bench) -> std::sync::Arc<dyn cachefs_vfs::VFile> {
    let file = bench.dirty("f", b"one");
    write(&*file, b"two", 10);
    write(&*file, b"three", 20);
    file
}

const WHOLE: &[u8] = b"one\0\0\0\0\0\0\0two\0\0\0\0\0\0\0three";

#[test]
fn a_flush_that_fails_half_way_is_done_again() {
    for fault in [Fault::Fail(Errno::IO), Fault::FailAfter(Errno::IO), Fault::Fail(Errno::NOSPC)] {
        let bench = Bench::new();
        let file = in_three(&bench);
        let broken = bench.backing.add(Rule::on(CallKind::Write).nth(2).then(fault));
        let failed = bench.fs.flush_path("f".as_ref());
        assert!(failed.is_err() && broken.fired() == 1);
        let message = failed.unwrap_err().to_string();
        assert!(message.contains("flushing f"), "{message}");
        assert_eq!(bench.fs.status().dirty_bytes, 11, "all of it");
        assert_eq!(read(&*file), WHOLE);
        assert_eq!(bench.fs.status().failing.len(), 1);
        bench.flush();
        assert_eq!(bench.beneath("f"), WHOLE);
        let status = bench.fs.status();
        assert_eq!((status.conflicts, status.dirty_bytes, status.failing.len()), (0, 0, 0), "{fault:?}");
    }
}

#[test]
fn a_flush_fails_in_each_of_its_calls_and_comes_right() {
    for nth in 1..8 {
        for fault in [Fault::Fail(Errno::IO), Fault::FailAfter(Errno::TIMEDOUT)] {
            let bench = Bench::new();
            let file = in_three(&bench);
            file.sync(SyncHow::All).unwrap();
            let broken = bench.backing.add(Rule::any().nth(nth).then(fault));
            let failed = bench.fs.flush_path("f".as_ref()).is_err();
            assert_eq!(failed, broken.fired() == 1, "call {nth}, {fault:?}");
            broken.release();
            write(&*file, b"X", 0);
            bench.flush();
            assert_eq!(bench.beneath("f"), [b"X", &WHOLE[1..]].concat(), "call {nth}, {fault:?}");
            assert_eq!(bench.fs.status().conflicts, 0, "call {nth}, {fault:?}");
        }
    }
}

#[test]
fn short_writes_are_gone_on_with() {
    let bench = Bench::new();
    let bytes: Vec<u8> = (0..=255).cycle().take(10_000).collect();
    let file = bench.dirty("f", &bytes);
    bench.backing.add(Rule::on(CallKind::Write).then(Fault::Short(999)));
    bench.flush();
    assert_eq!((bench.beneath("f"), read(&*file)), (bytes.clone(), bytes));
}

#[test]
fn what_lasts_is_told_once_to_each_handle_and_passes_by_itself() {
    let bench = Bench::new();
    let (file, other) = (bench.dirty("f", b"dirty"), bench.open("f"));
    let refused = bench.backing.add(Rule::on(CallKind::Write).fail(Errno::ROFS));
    assert_eq!(errno(bench.fs.flush_path("f".as_ref())), Some(Errno::ROFS));
    assert_eq!(errno(file.write_at(b"x", 9, Privileges::Keep)), Some(Errno::ROFS));
    assert_eq!(errno(file.write_at(b"x", 9, Privileges::Keep)), None, "told once");
    assert_eq!(errno(other.sync(SyncHow::All)), Some(Errno::ROFS), "but to each");
    assert_eq!(errno(other.sync(SyncHow::All)), None, "the journal has it");
    let failing = bench.fs.status().failing;
    assert_eq!(failing.len(), 1);
    assert_eq!(failing[0].path.to_str(), Some("f"));
    refused.release();
    bench.flush();
    assert_eq!(bench.beneath("f"), b"dirty\0\0\0\0x");
    assert_eq!(errno(bench.open("f").sync(SyncHow::All)), None, "nothing was lost, nothing is told");
}

#[test]
fn what_passes_is_told_only_when_it_does_not() {
    let bench = Bench::new();
    let file = bench.dirty("f", b"dirty");
    let broken = bench.backing.add(Rule::on(CallKind::Write).fail(Errno::IO));
    assert!(bench.fs.flush_path("f".as_ref()).is_err());
    assert_eq!(errno(file.sync(SyncHow::All)), None);
    bench.clock.advance(config().dirty_age + Duration::from_secs(1));
    assert!(bench.fs.flush_path("f".as_ref()).is_err());
    assert_eq!(errno(file.sync(SyncHow::All)), Some(Errno::IO));
    broken.release();
    bench.flush();
    assert_eq!(bench.beneath("f"), b"dirty");
}

#[test]
fn a_backing_that_hangs_holds_up_nobody_else() {
    let bench = Bench::new();
    let (stuck, free) = (bench.dirty("stuck", b"one"), bench.dirty("free", b"two"));
    let hang = bench.backing.add(Rule::on(CallKind::Write).at("stuck").hang()).release_on_drop();
    thread::scope(|scope| {
        let flush = scope.spawn(|| bench.fs.flush_path("stuck".as_ref()));
        assert!(hang.wait_waiting(1, PATIENCE));
        write(&*stuck, b"ONE", 0);
        assert_eq!(read(&*stuck), b"ONE");
        write(&*free, b"TWO", 0);
        bench.fs.flush_path("free".as_ref()).unwrap();
        assert_eq!(bench.fs.status().dirty_files, 1);
        hang.release();
        flush.join().unwrap().unwrap();
    });
    bench.flush();
    assert_eq!((bench.beneath("stuck"), bench.beneath("free")), (b"ONE".to_vec(), b"TWO".to_vec()));
}

#[test]
fn a_file_nobody_may_write_to_any_more_is_flushed_by_the_handle_held() {
    let bench = Bench::new();
    let file = bench.dirty("f", b"dirty");
    let set = SetAttr { mode: Some(Mode::new(0o400)), ..SetAttr::default() };
    file.set_attr(&set).unwrap();
    bench.backing.add(Rule::on(CallKind::Open).or(CallKind::OpenId).fail(Errno::ACCESS));
    drop(file);
    bench.flush();
    assert_eq!(bench.beneath("f"), b"dirty");
    assert_eq!(bench.fs.status().conflicts, 0);
}

#[test]
fn a_stale_handle_is_replaced() {
    let bench = Bench::new();
    let _file = bench.dirty("f", b"dirty");
    bench.backing.add(Rule::on(CallKind::Write).times(1).fail(Errno::STALE));
    assert!(bench.fs.flush_path("f".as_ref()).is_err());
    bench.flush();
    assert_eq!(bench.beneath("f"), b"dirty");
}

#[test]
fn a_truncation_that_the_backing_refuses_did_not_happen() {
    let bench = Bench::new();
    let file = bench.dirty("f", b"dirty");
    bench.backing.add(Rule::on(CallKind::SetLen).times(1).fail(Errno::IO));
    assert_eq!(errno(file.set_len(2, Privileges::Keep)), Some(Errno::IO));
    assert_eq!(read(&*file), b"dirty");
    bench.backing.add(Rule::on(CallKind::SetLen).times(1).then(Fault::FailAfter(Errno::IO)));
    write(&*file, b"more", 5);
    assert_eq!(errno(file.set_len(0, Privileges::Keep)), Some(Errno::IO));
    bench.flush();
    let there = bench.beneath("f");
    assert_eq!(there, read(&*file));
    assert!(there.is_empty() || there == b"dirtymore", "{there:?}");
    assert_eq!(bench.fs.status().conflicts, 0);
}
