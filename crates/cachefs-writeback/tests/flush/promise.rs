use std::time::Duration;

use cachefs_testkit::{CallKind, Fault, Rule, RuleHandle};
use cachefs_vfs::{Access, Errno, Mode, OpenHow, Privileges, SetAttr, SyncHow, Vfs, VfsExt};
use cachefs_writeback::{Config, Durability, SyncPolicy};

use super::bench::{Bench, config, errno, write};

/// Counts the syncs of files of a filesystem.
fn syncs(fs: &cachefs_testkit::FaultFs) -> RuleHandle {
    fs.add(Rule::on(CallKind::SyncFile).then(Fault::Delay(Duration::ZERO)))
}

#[test]
fn a_sync_makes_the_journal_durable_and_the_backing_once() {
    let bench = Bench::new();
    let file = bench.dirty("f", b"dirty");
    let (beneath, journal) = (syncs(&bench.backing), syncs(&bench.journal));
    file.sync(SyncHow::All).unwrap();
    assert_eq!((beneath.seen(), journal.seen()), (1, 1), "the new file itself, and the journal");
    for byte in 0..5 {
        write(&*file, b"x", byte);
        file.sync(SyncHow::Data).unwrap();
    }
    assert_eq!((beneath.seen(), journal.seen()), (1, 6), "nothing of it changed at the backing");
    assert!(bench.beneath("f").is_empty());
    bench.flush();
    assert_eq!(beneath.seen(), 2, "what was promised is synced before the journal lets go of it");
}

#[test]
fn what_was_not_promised_is_not_synced_by_its_flush_but_by_a_later_sync() {
    let bench = Bench::new();
    let file = bench.dirty("f", b"dirty");
    let beneath = syncs(&bench.backing);
    bench.flush();
    assert_eq!(beneath.seen(), 0);
    file.sync(SyncHow::All).unwrap();
    assert_eq!(beneath.seen(), 1);
    write(&*file, b"more", 0);
    file.sync(SyncHow::All).unwrap();
    assert_eq!((beneath.seen(), bench.beneath("f")), (1, b"dirty".to_vec()));
}

#[test]
fn a_promise_made_during_a_flush_is_kept_by_it() {
    let bench = Bench::new();
    let file = bench.dirty("f", b"dirty");
    file.sync(SyncHow::All).unwrap();
    bench.flush();
    write(&*file, b"DIRTY", 0);
    let beneath = syncs(&bench.backing);
    let hang = bench.backing.add(Rule::on(CallKind::Write).hang()).release_on_drop();
    std::thread::scope(|scope| {
        let flush = scope.spawn(|| bench.fs.flush_path("f".as_ref()));
        assert!(hang.wait_waiting(1, super::bench::PATIENCE));
        file.sync(SyncHow::All).unwrap();
        assert_eq!(beneath.seen(), 0, "the journal has it; a sync does not wait for the backing");
        hang.release();
        flush.join().unwrap().unwrap();
    });
    assert_eq!(beneath.seen(), 1);
}

#[test]
fn a_sync_that_fails_keeps_the_bytes() {
    let bench = Bench::new();
    let file = bench.dirty("f", b"dirty");
    file.sync(SyncHow::All).unwrap();
    let broken = bench.backing.add(Rule::on(CallKind::SyncFile).times(1).fail(Errno::IO));
    assert!(bench.fs.flush_path("f".as_ref()).is_err());
    assert_eq!(
        (broken.fired(), bench.fs.status().dirty_bytes),
        (1, 5),
        "written, but who knows for how long"
    );
    let writes = bench.backing.add(Rule::on(CallKind::Write).then(Fault::Delay(Duration::ZERO)));
    bench.flush();
    assert_eq!((writes.seen(), bench.fs.status().conflicts), (1, 0), "written again, from the journal");
}

#[test]
fn with_durability_backing_a_sync_is_the_backings() {
    let bench = Bench::with(Config { durability: Durability::Backing, ..config() });
    let file = bench.dirty("f", b"dirty");
    let beneath = syncs(&bench.backing);
    file.sync(SyncHow::All).unwrap();
    assert_eq!((bench.beneath("f"), beneath.seen()), (b"dirty".to_vec(), 1));
    write(&*file, b"more", 0);
    bench.backing.add(Rule::on(CallKind::Write).fail(Errno::NOSPC));
    assert_eq!(errno(file.sync(SyncHow::All)), Some(Errno::NOSPC), "no promise that is not kept");
}

#[test]
fn the_weaker_policies_wait_for_nothing() {
    for sync in [SyncPolicy::EverySecond, SyncPolicy::Never] {
        let bench = Bench::with(Config { sync, ..config() });
        let file = bench.dirty("f", b"dirty");
        let hang = bench.journal.add(Rule::on(CallKind::SyncFile).hang()).release_on_drop();
        file.sync(SyncHow::All).unwrap();
        hang.release();
    }
}

#[test]
fn a_sync_of_a_directory_is_one_of_all_beneath() {
    let bench = Bench::new();
    bench.fs.create_dir_all("d/e").unwrap();
    for path in ["d/f", "d/e/f", "other"] {
        bench.fs.write(path, b"dirty").unwrap();
    }
    let beneath = |path: &str| {
        bench.backing.add(Rule::on(CallKind::SyncFile).at(path).then(Fault::Delay(Duration::ZERO)))
    };
    let (one, two, other, journal) =
        (beneath("d/f"), beneath("d/e/f"), beneath("other"), syncs(&bench.journal));
    bench.fs.dir("d").unwrap().sync().unwrap();
    assert_eq!((one.seen(), two.seen(), other.seen(), journal.seen()), (1, 1, 0, 1));
    bench.flush();
    assert_eq!((one.seen(), two.seen(), other.seen()), (2, 2, 0), "kept by their flushes");
}

/// Counts the syncs of one file.
fn syncs_of(bench: &Bench, path: &str) -> RuleHandle {
    bench.backing.add(Rule::on(CallKind::SyncFile).at(path).then(Fault::Delay(Duration::ZERO)))
}

#[test]
fn a_sync_of_a_directory_reaches_what_was_flushed_beneath_it_once() {
    let bench = Bench::new();
    bench.fs.create_dir_all("d").unwrap();
    for path in ["d/f", "d/g", "other"] {
        bench.fs.write(path, b"dirty").unwrap();
    }
    bench.flush();
    bench.fs.rename("d/g", "g").unwrap();
    let (flushed, moved, other) = (syncs_of(&bench, "d/f"), syncs_of(&bench, "g"), syncs_of(&bench, "other"));
    bench.fs.dir("d").unwrap().sync().unwrap();
    bench.fs.dir("d").unwrap().sync().unwrap();
    assert_eq!((flushed.seen(), moved.seen(), other.seen()), (1, 0, 0));
    bench.fs.root().unwrap().sync().unwrap();
    assert_eq!((flushed.seen(), moved.seen(), other.seen()), (1, 1, 1));
}

#[test]
fn a_sync_of_a_directory_reaches_what_was_cut_or_went_through_beneath_it() {
    let bench = Bench::new();
    bench.fs.write("cut", b"long").unwrap();
    bench.fs.write("through", b"program").unwrap();
    bench.flush();
    bench.fs.root().unwrap().sync().unwrap();
    let (cut, through) = (syncs_of(&bench, "cut"), syncs_of(&bench, "through"));
    let open = |path| bench.fs.open(path, OpenHow::new(Access::ReadWrite)).unwrap();
    open("cut").set_len(1, Privileges::Keep).unwrap();
    open("through").set_attr(&SetAttr { mode: Some(Mode::new(0o755)), ..SetAttr::default() }).unwrap();
    open("through").write_at(b"P", 0, Privileges::Drop).unwrap();
    bench.fs.root().unwrap().sync().unwrap();
    assert_eq!((cut.seen(), through.seen(), bench.beneath("through")), (1, 1, b"Program".to_vec()));
}

#[test]
fn what_has_to_be_forgotten_is_synced_first() {
    let bench = Bench::with(Config { remembered_max: 4, ..config() });
    let all = syncs(&bench.backing);
    for name in 0..12 {
        bench.fs.write(name.to_string(), b"dirty").unwrap();
    }
    bench.flush();
    assert_eq!(all.seen(), 8, "all but the last four");
    bench.fs.root().unwrap().sync().unwrap();
    assert_eq!(all.seen(), 12, "each once");
}

#[test]
fn a_flusher_syncs_what_has_to_be_forgotten() {
    let soon = Duration::ZERO;
    let limits = Config { remembered_max: 4, flushers: 2, flush_after: soon, dirty_age: soon, ..config() };
    let bench = Bench::with(limits);
    let hang = bench.backing.add(Rule::on(CallKind::SyncFile).hang()).release_on_drop();
    for name in 0..12 {
        bench.fs.write(name.to_string(), b"dirty").unwrap();
    }
    assert!(hang.wait_waiting(1, super::bench::PATIENCE), "nobody asked for a sync");
    bench.fs.write("late", b"no writer waits for it").unwrap();
}

#[test]
fn a_sync_of_a_directory_syncs_several_at_once() {
    let bench = Bench::with(Config { flushers: 2, ..config() });
    for name in 0..12 {
        bench.fs.write(name.to_string(), b"dirty").unwrap();
    }
    bench.flush();
    let hang = bench.backing.add(Rule::on(CallKind::SyncFile).hang()).release_on_drop();
    std::thread::scope(|scope| {
        let sync = scope.spawn(|| bench.fs.root().unwrap().sync());
        assert!(hang.wait_waiting(2, super::bench::PATIENCE));
        hang.release();
        sync.join().unwrap().unwrap();
    });
}
