//! A file stays reachable by a handle of ours, whatever others do to its name, and is opened again from it.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use cachefs::{CacheFs, Coherence};
use cachefs_testkit::{CallKind, CountFs, FaultFs, Rule};
use cachefs_vfs::{
    Access, Errno, Error, LocalFs, MemFs, Mode, Object, OpenHow, Privileges, SetAttr, VFile, Vfs, VfsExt,
    nowait,
};

use support::outside::{contents, open};
use support::{Bench, name};

/// A directory with a file `f`, and a cache over it that has no way to a file but names and handles.
fn nameless() -> (tempfile::TempDir, CacheFs, Arc<FaultFs>) {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("f"), "first bytes").unwrap();
    let faults = Arc::new(FaultFs::new(Arc::new(LocalFs::open(dir.path()).unwrap())));
    faults.add(Rule::on(CallKind::OpenId).fail(Errno::STALE));
    let cache = CacheFs::builder(faults.clone()).coherence(Coherence::Open).build().unwrap();
    (dir, cache, faults)
}

fn replace(dir: &Path, content: &str) {
    fs::write(dir.join("new"), content).unwrap();
    fs::rename(dir.join("new"), dir.join("f")).unwrap();
}

fn again(file: &dyn VFile, access: Access) -> Result<Arc<dyn VFile>, Errno> {
    file.reopen(OpenHow::new(access)).map_err(|error| error.errno())
}

/// Descriptors of this process that lead into the directory.
fn descriptors(dir: &Path) -> usize {
    let links = fs::read_dir("/proc/self/fd").unwrap().flatten().map(|entry| fs::read_link(entry.path()));
    links.flatten().filter(|target| target.starts_with(dir)).count()
}

#[test]
fn what_was_looked_up_is_read_as_it_was_when_others_have_replaced_it() {
    let (dir, cache, _faults) = nameless();
    let before = descriptors(dir.path());
    let path = open(&cache, "f", Access::Path);
    replace(dir.path(), "second");
    replace(dir.path(), "third one");
    let file = again(&*path, Access::Read).unwrap();
    assert_eq!(contents(&*file), b"first bytes");
    assert_eq!(file.attr().unwrap().links, 0);
    assert_eq!(cache.read("f").unwrap(), b"third one");
    assert_eq!(contents(&*file), b"first bytes");
    drop(file);
    assert_eq!(contents(&*again(&*path, Access::ReadWrite).unwrap()), b"first bytes");
    drop(path);
    assert_eq!((descriptors(dir.path()), cache.usage().handles), (before, 0));
}

#[test]
fn what_was_looked_up_is_read_and_written_when_it_was_removed() {
    let ours = |cache: &CacheFs, _: &Path| cache.remove_file("f").unwrap();
    let theirs = |_: &CacheFs, dir: &Path| fs::remove_file(dir.join("f")).unwrap();
    for remove in [&ours as &dyn Fn(&CacheFs, &Path), &theirs] {
        let (dir, cache, _faults) = nameless();
        let before = descriptors(dir.path());
        let path = open(&cache, "f", Access::Path);
        remove(&cache, dir.path());
        assert!(!cache.exists("f").unwrap());
        let file = again(&*path, Access::ReadWrite).unwrap();
        drop(path);
        assert_eq!(file.write_at(b"FIRST", 0, Privileges::Keep).unwrap(), 5);
        let reader = again(&*file, Access::Read).unwrap();
        drop(file);
        assert_eq!(contents(&*reader), b"FIRST bytes");
        drop(reader);
        assert_eq!((descriptors(dir.path()), cache.usage().handles), (before, 0));
    }
}

#[test]
fn a_look_up_costs_one_call_and_what_is_known_none() {
    let bench = Bench::new(|cache| cache);
    bench.backing.write("file", b"content").unwrap();
    let root = bench.cache.root().unwrap();
    bench.counts.reset();
    let opened = root.open(name("file"), OpenHow::new(Access::Path)).unwrap();
    assert_eq!(opened.attr.size, 7);
    assert_eq!(bench.counts.snapshot().called(), [(CallKind::Open, 1)]);
    bench.counts.reset();
    let _second = root.open(name("file"), OpenHow::new(Access::Path)).unwrap();
    assert_eq!(root.stat(name("file")).unwrap().size, 7);
    assert_eq!(bench.counts.snapshot().called(), []);
    let file = again(&*opened.handle, Access::Read).unwrap();
    assert_eq!(contents(&*file), b"content");
    assert_eq!(bench.counts.snapshot().called(), [(CallKind::Open, 1), (CallKind::ReadMany, 1)]);
    drop(file);
    bench.counts.reset();
    assert_eq!(contents(&*again(&*opened.handle, Access::Read).unwrap()), b"content");
    assert_eq!(bench.counts.snapshot().called(), [], "all there is to read is here");
}

#[test]
fn where_nothing_is_opened_for_its_attributes_they_are_asked_for() {
    for errno in [Errno::OPNOTSUPP, Errno::MFILE] {
        let (_dir, cache, faults) = nameless();
        faults.add(Rule::on(CallKind::Open).named("f").times(1).fail(errno));
        let path = open(&cache, "f", Access::Path);
        assert_eq!(path.attr().unwrap().size, 11);
        assert_eq!(contents(&*again(&*path, Access::Read).unwrap()), b"first bytes");
    }
    let (_dir, cache, faults) = nameless();
    faults.add(Rule::on(CallKind::Open).named("f").times(1).fail(Errno::IO));
    let opened = cache.open("f", OpenHow::new(Access::Path));
    assert_eq!(opened.map(drop).map_err(|error| error.errno()), Err(Errno::IO));
}

#[test]
fn opening_again_sees_what_others_changed_as_an_open_by_name_does() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("f"), "first bytes").unwrap();
    let cache = CacheFs::builder(Arc::new(LocalFs::open(dir.path()).unwrap()));
    let cache = cache.coherence(Coherence::Open).build().unwrap();
    let path = open(&cache, "f", Access::Path);
    for content in ["second", "third and longer", "4"] {
        fs::write(dir.path().join("f"), content).unwrap();
        let file = again(&*path, Access::Read).unwrap();
        assert_eq!(contents(&*file), content.as_bytes());
    }
}

#[test]
fn what_the_permissions_forbid_by_now_is_refused() {
    let (_dir, cache, faults) = nameless();
    let path = open(&cache, "f", Access::Path);
    faults.add(Rule::on(CallKind::Open).named("f").times(2).fail(Errno::ACCESS));
    assert_eq!(again(&*path, Access::Write).map(drop), Err(Errno::ACCESS), "for both, and for writing");
    drop(again(&*path, Access::Write).unwrap());
    let cut = OpenHow { truncate: true, ..OpenHow::new(Access::Write) };
    assert_eq!(path.reopen(cut).map(drop), Err(Error::new(Errno::INVAL)));
    let dir = cache.open("", OpenHow::new(Access::Path));
    assert!(dir.is_err() || again(&*dir.unwrap(), Access::Read).is_err());
}

#[test]
fn who_must_not_wait_opens_again_only_what_is_here() {
    let bench = Bench::new(|cache| cache);
    bench.backing.write("file", b"content").unwrap();
    let path = open(&bench.cache, "file", Access::Path);
    let tried = |access| nowait::scope(|| again(&*path, access).map(drop));
    assert_eq!(tried(Access::Path), Ok(()));
    assert_eq!(tried(Access::Read), Err(Errno::WOULDBLOCK));
    contents(&*again(&*path, Access::Read).unwrap());
    assert_eq!(tried(Access::Read), Ok(()));
    assert_eq!(tried(Access::Write), Err(Errno::WOULDBLOCK));
    assert_eq!(bench.cache.usage().handles, 1);
}

#[test]
fn a_program_runs_from_beneath_once_its_writers_are_gone_though_it_is_held() {
    let dir = tempfile::tempdir().unwrap();
    let cache = CacheFs::builder(Arc::new(LocalFs::open(dir.path()).unwrap())).build().unwrap();
    let before = descriptors(dir.path());
    let content = fs::read("/bin/true").unwrap();
    let run = || Command::new(dir.path().join("program")).status();
    cache.write("program", b"").unwrap();
    let path = open(&cache, "program", Access::Path);
    let set = SetAttr { mode: Some(Mode::new(0o755)), ..SetAttr::default() };
    path.set_attr(&set).unwrap();
    let writer = again(&*path, Access::ReadWrite).unwrap();
    assert_eq!(writer.append(&content, Privileges::Keep).unwrap(), content.len());
    assert!(run().is_err(), "while it is being written");
    drop(writer);
    assert!(run().unwrap().success());
    // Cut through a handle that is for no writing.
    assert_eq!(path.set_len(content.len() as u64, Privileges::Keep).unwrap().size, content.len() as u64);
    assert!(run().unwrap().success());
    let reader = again(&*path, Access::Read).unwrap();
    drop(again(&*path, Access::Write).unwrap());
    fs::remove_file(dir.path().join("program")).unwrap();
    assert!(contents(&*reader) == content[..content.len().min(1 << 20)]);
    drop((reader, path));
    assert_eq!(descriptors(dir.path()), before);
}

#[test]
fn where_files_open_by_name_only_one_that_is_held_is_opened_before_its_last_name_goes() {
    let faults = Arc::new(FaultFs::new(Arc::new(MemFs::new())));
    faults.add(Rule::on(CallKind::OpenId).fail(Errno::STALE));
    faults.inner().write("f", b"content").unwrap();
    let cache = CacheFs::builder(faults.clone()).memory(0).build().unwrap();
    let path = open(&cache, "f", Access::Path);
    // What is asked of the handle, not of the name.
    faults.add(Rule::on(CallKind::Open).named("f").times(1).fail(Errno::OPNOTSUPP));
    cache.remove_file("f").unwrap();
    let file = again(&*path, Access::ReadWrite).unwrap();
    assert_eq!(contents(&*file), b"content");
    drop((path, file));
    assert_eq!(cache.usage().handles, 0);
}

#[test]
fn a_handle_past_caches_is_had_from_one_that_is_not_and_back() {
    let (dir, cache, _faults) = nameless();
    let path = open(&cache, "f", Access::Path);
    replace(dir.path(), "second");
    let direct = path.reopen(OpenHow { direct: true, ..OpenHow::new(Access::Read) }).unwrap();
    drop(path);
    replace(dir.path(), "third");
    assert_eq!(contents(&*direct), b"first bytes");
    assert_eq!(direct.attr().unwrap().links, 0);
    let back = again(&*direct, Access::Read).unwrap();
    drop(direct);
    assert_eq!(contents(&*back), b"first bytes");
}

#[test]
fn a_file_found_by_identity_is_opened_again_after_it() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("f"), "first bytes").unwrap();
    let counts = Arc::new(CountFs::new(Arc::new(LocalFs::open(dir.path()).unwrap())));
    let cache = CacheFs::builder(counts).build().unwrap();
    if !cache.caps().open_id {
        return;
    }
    let id = cache.stat("f").unwrap().id;
    cache.clear();
    let Object::File(found) = cache.open_id(id).unwrap().handle else { panic!("a file") };
    let path = again(&*found, Access::Path).unwrap();
    drop(found);
    replace(dir.path(), "second");
    assert_eq!(contents(&*again(&*path, Access::Read).unwrap()), b"first bytes");
}
