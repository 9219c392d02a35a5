//! What handles stand for goes on, whatever becomes of names and of the backing's handles.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use cachefs::{CacheBuilder, CacheFs};
use cachefs_testkit::{CallKind, Fault, FaultFs, Rule};
use cachefs_vfs::{
    Access, Errno, LocalFs, MemFs, Mode, OpenHow, Privileges, RemoveKind, RenameHow, SetAttr, VFile, Vfs,
    VfsExt,
};

use support::{Bench, bytes, name, wait_until};

/// A cache over a filesystem that fails as told, and finds nothing by identity.
fn faulty(set: impl Fn(CacheBuilder) -> CacheBuilder) -> (CacheFs, Arc<FaultFs>) {
    let faults = Arc::new(FaultFs::new(Arc::new(MemFs::new())));
    faults.add(Rule::on(CallKind::OpenId).fail(Errno::STALE));
    let cache = set(CacheFs::builder(faults.clone()).readahead(0)).build().unwrap();
    (cache, faults)
}

fn open(fs: &dyn Vfs, path: &str, access: Access) -> Arc<dyn VFile> {
    fs.open(path, OpenHow::new(access)).unwrap()
}

fn read(file: &dyn VFile) -> Result<Vec<u8>, Errno> {
    let mut buffer = vec![0; 1 << 20];
    let count = file.read_at(&mut buffer, 0).map_err(|error| error.errno())?;
    buffer.truncate(count);
    Ok(buffer)
}

/// Has the cache close the handles that nothing speaks for.
fn press(cache: &CacheFs, faults: &FaultFs) {
    for number in 0..8 {
        let path = format!("press{number}");
        faults.inner().write(&path, b"x").unwrap();
        cache.read(&path).unwrap();
    }
}

#[test]
fn the_root_outlasts_the_limit_of_handles() {
    let (cache, faults) = faulty(|cache| cache.handles_max(2));
    for number in 0..8 {
        faults.inner().create_dir(format!("d{number}")).unwrap();
        faults.inner().write(format!("d{number}/f"), b"x").unwrap();
    }
    for number in 0..8 {
        assert_eq!(cache.read(format!("d{number}/f")).unwrap(), b"x");
    }
    let dirs: Vec<_> = (0..8).map(|number| cache.dir(format!("d{number}")).unwrap()).collect();
    dirs.iter().for_each(|dir| drop(dir.xattrs().unwrap()));
    drop(dirs);
    cache.clear();
    assert_eq!(cache.list("").unwrap().len(), 8);
}

#[test]
fn an_open_file_that_others_replace_stays_readable_as_far_as_it_is_here() {
    let bench = Bench::new(|cache| cache.handles_max(1));
    for (path, content) in [("f", &b"first"[..]), ("new", b"second!"), ("other", b"other")] {
        bench.backing.write(path, content).unwrap();
    }
    assert_eq!(bench.cache.read("f").unwrap(), b"first");
    assert_eq!(bench.cache.read("other").unwrap(), b"other");
    let file = open(&bench.cache, "f", Access::Read);
    bench.backing.rename("new", "f").unwrap();
    bench.expire();
    assert_eq!(read(&*file), Ok(b"first".to_vec()));
    assert_eq!(file.attr().unwrap().size, 5);
    assert_eq!(bench.cache.read("f").unwrap(), b"second!", "who opens it now gets the new one");
    assert_eq!(read(&*file), Ok(b"first".to_vec()));
}

#[test]
fn handles_that_somebody_reads_through_are_closed_last() {
    let (cache, faults) = faulty(|cache| cache.handles_max(4).memory(0));
    faults.inner().write("f", b"first").unwrap();
    faults.inner().write("new", b"second!").unwrap();
    let file = open(&cache, "f", Access::Read);
    press(&cache, &faults);
    faults.inner().rename("new", "f").unwrap();
    assert_eq!(read(&*file), Ok(b"first".to_vec()));
}

#[test]
fn a_removal_that_cannot_keep_the_open_file_fails() {
    let (cache, faults) = faulty(|cache| cache.handles_max(1).memory(0));
    faults.inner().write("f", b"content").unwrap();
    let file = open(&cache, "f", Access::Read);
    press(&cache, &faults);
    faults.add(Rule::on(CallKind::Open).named("f").times(1).fail(Errno::MFILE));
    let root = cache.root().unwrap();
    let removed = root.remove(name("f"), RemoveKind::File);
    assert_eq!(removed.unwrap_err().errno(), Errno::MFILE);
    root.remove(name("f"), RemoveKind::File).unwrap();
    assert_eq!(read(&*file), Ok(b"content".to_vec()));
}

#[test]
fn a_removal_fails_while_nobody_can_tell_what_it_hits() {
    let (cache, faults) = faulty(|cache| cache.ttl(Duration::ZERO));
    faults.inner().write("f", b"content").unwrap();
    // Only where something is open does it matter.
    let _open = open(&cache, "f", Access::Read);
    faults.add(Rule::on(CallKind::Stat).named("f").times(1).fail(Errno::IO));
    assert_eq!(cache.remove_file("f").unwrap_err().errno(), Errno::IO);
    assert!(faults.inner().exists("f").unwrap());
    cache.remove_file("f").unwrap();
}

#[test]
fn readers_and_writers_go_on_after_a_removal_that_opens_for_each() {
    let (cache, faults) = faulty(|cache| cache.handles_max(1).memory(0));
    faults.inner().write("f", b"content").unwrap();
    let (reader, writer) = (open(&cache, "f", Access::Read), open(&cache, "f", Access::Write));
    press(&cache, &faults);
    // The permissions by now allow each, but not both at once.
    faults.add(Rule::on(CallKind::Open).named("f").times(1).fail(Errno::ACCESS));
    cache.remove_file("f").unwrap();
    writer.write_at(b"CON", 0, Privileges::Keep).unwrap();
    assert_eq!(read(&*reader), Ok(b"CONtent".to_vec()));
}

#[test]
fn an_open_file_survives_a_removal_whose_reply_is_lost() {
    let (cache, faults) = faulty(|cache| cache.handles_max(1).memory(0));
    faults.inner().write("f", b"content").unwrap();
    let file = open(&cache, "f", Access::Read);
    faults.add(Rule::on(CallKind::Remove).times(1).then(Fault::FailAfter(Errno::IO)));
    cache.remove_file("f").unwrap_err();
    press(&cache, &faults);
    assert_eq!(read(&*file), Ok(b"content".to_vec()));
    assert!(!cache.exists("f").unwrap());
}

#[test]
fn open_files_survive_a_rename_whose_reply_is_lost() {
    let (cache, faults) = faulty(|cache| cache.handles_max(1).memory(0));
    for path in ["moved", "target"] {
        faults.inner().write(path, path.as_bytes()).unwrap();
    }
    let (moved, target) = (open(&cache, "moved", Access::Read), open(&cache, "target", Access::Read));
    faults.add(Rule::on(CallKind::Rename).times(1).then(Fault::FailAfter(Errno::IO)));
    cache.rename("moved", "target").unwrap_err();
    press(&cache, &faults);
    assert_eq!(read(&*target), Ok(b"target".to_vec()));
    assert_eq!(read(&*moved), Ok(b"moved".to_vec()));
    assert_eq!(cache.read("target").unwrap(), b"moved");
}

#[test]
fn an_open_file_survives_while_nobody_can_tell_whether_it_was_removed() {
    let (cache, faults) = faulty(|cache| cache.handles_max(1).memory(0));
    faults.inner().write("f", b"content").unwrap();
    let file = open(&cache, "f", Access::Read);
    faults.add(Rule::on(CallKind::Remove).times(1).then(Fault::FailAfter(Errno::IO)));
    faults.add(Rule::on(CallKind::Stat).named("f").nth(1).fail(Errno::IO));
    cache.remove_file("f").unwrap_err();
    press(&cache, &faults);
    assert_eq!(read(&*file), Ok(b"content".to_vec()));
    drop(file);
    press(&cache, &faults);
    assert!(cache.usage().backing_handles <= 2, "{:?}", cache.usage());
}

#[test]
fn a_file_that_others_took_one_name_of_survives_the_loss_of_the_other() {
    let (cache, faults) = faulty(|cache| cache.handles_max(1).memory(0).ttl(Duration::ZERO));
    faults.inner().write("a", b"content").unwrap();
    faults.inner().link("a", "b").unwrap();
    faults.inner().write("new", b"another").unwrap();
    let file = open(&cache, "a", Access::Read);
    press(&cache, &faults);
    faults.inner().remove_file("a").unwrap();
    let begun = Instant::now();
    cache.rename("new", "b").unwrap();
    assert!(begun.elapsed() < Duration::from_millis(400), "it waits for itself");
    assert_eq!(read(&*file), Ok(b"content".to_vec()));
}

#[test]
fn a_writer_goes_on_after_the_mode_forbids_to_open_the_file_again() {
    let (cache, faults) = faulty(|cache| cache.handles_max(1).memory(0));
    faults.inner().write("f", b"content").unwrap();
    let writer = open(&cache, "f", Access::Write);
    press(&cache, &faults);
    let set = SetAttr { mode: Some(Mode::new(0o444)), ..SetAttr::default() };
    open(&cache, "f", Access::Path).set_attr(&set).unwrap();
    faults.add(Rule::on(CallKind::Open).named("f").fail(Errno::ACCESS));
    press(&cache, &faults);
    writer.write_at(b"CON", 0, Privileges::Keep).unwrap();
    drop(writer);
    press(&cache, &faults);
    assert!(cache.usage().backing_handles <= 2, "{:?}", cache.usage());
}

#[test]
fn an_open_that_a_change_of_mode_overtakes_does_not_allow_the_next_one() {
    let (cache, faults) = faulty(|cache| cache.handles_max(1));
    faults.inner().write("f", &bytes(1, 100)).unwrap();
    let file = open(&cache, "f", Access::Path);
    file.xattrs().unwrap();
    let hang = faults.add(Rule::on(CallKind::Open).named("f").then(Fault::Hang)).release_on_drop();
    thread::scope(|scope| {
        let reader = scope.spawn(|| cache.read("f").unwrap());
        wait_until("the open", || hang.waiting() == 1);
        let set = SetAttr { mode: Some(Mode::new(0o444)), ..SetAttr::default() };
        file.set_attr(&set).unwrap();
        hang.release();
        reader.join().unwrap();
    });
    press(&cache, &faults);
    faults.add(Rule::on(CallKind::Open).named("f").fail(Errno::ACCESS));
    let opened = cache.open("f", OpenHow::new(Access::Read)).map(drop);
    assert_eq!(opened.map_err(|error| error.errno()), Err(Errno::ACCESS));
}

#[test]
fn directories_that_others_put_into_each_other_are_forgotten_like_any() {
    let bench = Bench::new(|cache| cache.metadata_entries(64));
    for number in 0..200 {
        let (outer, inner) = (format!("p{number}"), format!("q{number}"));
        bench.backing.create_dir_all(format!("{outer}/{inner}")).unwrap();
        let held = bench.cache.dir(format!("{outer}/{inner}")).unwrap();
        bench.backing.rename(format!("{outer}/{inner}"), &inner).unwrap();
        bench.backing.rename(&outer, format!("{inner}/x")).unwrap();
        bench.expire();
        held.dir(name("x")).unwrap();
    }
    // Those above others go after them.
    bench.cache.clear();
    bench.cache.clear();
    assert!(bench.cache.usage().attributes <= 1, "{:?}", bench.cache.usage());
}

#[test]
fn an_exchange_leaves_no_open_file_behind_when_its_reply_is_lost() {
    let (cache, faults) = faulty(|cache| cache.handles_max(1).memory(0));
    for path in ["a", "b"] {
        faults.inner().write(path, path.as_bytes()).unwrap();
    }
    let (a, b) = (open(&cache, "a", Access::Read), open(&cache, "b", Access::Read));
    faults.add(Rule::on(CallKind::Rename).times(1).then(Fault::FailAfter(Errno::IO)));
    let root = cache.root().unwrap();
    root.rename(name("a"), &*root, name("b"), RenameHow::Exchange).unwrap_err();
    press(&cache, &faults);
    assert_eq!((read(&*a), read(&*b)), (Ok(b"a".to_vec()), Ok(b"b".to_vec())));
}

#[test]
fn what_nobody_has_open_is_closed_at_the_backing() {
    let bench = Bench::new(|cache| cache);
    for number in 0..5 {
        let path = format!("f{number}");
        bench.cache.write(&path, &bytes(number, 300_000)).unwrap();
        assert_eq!(bench.cache.read(&path).unwrap().len(), 300_000);
    }
    bench.settle();
    assert_eq!(bench.cache.usage().backing_handles, 1, "the root");
    let file = open(&bench.cache, "f1", Access::ReadWrite);
    file.write_at(b"x", 0, Privileges::Keep).unwrap();
    assert_eq!(bench.cache.usage().backing_handles, 2);
    drop(file);
    assert_eq!(bench.cache.usage().backing_handles, 1);
}

#[test]
fn a_program_written_through_the_cache_runs_from_the_directory_beneath() {
    let dir = tempfile::tempdir().unwrap();
    let cache = CacheFs::builder(Arc::new(LocalFs::open(dir.path()).unwrap())).build().unwrap();
    cache.write("program", &std::fs::read("/bin/true").unwrap()).unwrap();
    let program = open(&cache, "program", Access::Path);
    program.set_attr(&SetAttr { mode: Some(Mode::new(0o755)), ..SetAttr::default() }).unwrap();
    drop(program);
    let status = Command::new(dir.path().join("program")).status();
    assert!(status.is_ok_and(|status| status.success()), "a descriptor left open for writing is ETXTBSY");
}
