//! The conformance table over every filesystem below the cache, and over the wrappers.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

use std::sync::Arc;
use std::time::Duration;

use cachefs_testkit::conformance::{assert_all, assert_read_only, populate};
use cachefs_testkit::{CountFs, FaultFs, OutsideFs, SlowFs, Subject};
use cachefs_vfs::{LocalFs, MemFs, Mode, Name, Notice, Owner, ReadOnly, SubTree, Vfs, WatchHow, Watcher};

fn local() -> Subject {
    let dir = tempfile::tempdir().unwrap();
    Subject::from(LocalFs::open(dir.path()).unwrap()).keeping(dir)
}

fn mem() -> Arc<dyn Vfs> {
    Arc::new(MemFs::new())
}

fn sub_tree(fs: Arc<dyn Vfs>) -> SubTree {
    let name = Name::new("below").unwrap();
    fs.root().unwrap().make_dir(name, Mode::new(0o755), &Owner::process()).unwrap();
    SubTree::new(fs, "below").unwrap()
}

#[test]
fn mem_fs() {
    assert_all(MemFs::new);
}

#[test]
fn local_fs() {
    assert_all(local);
}

#[test]
fn a_local_fs_that_impersonates() {
    if std::fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) != 0) {
        println!("skipped: only root can create files as somebody else");
        return;
    }
    assert_all(|| {
        let dir = tempfile::tempdir().unwrap();
        Subject::from(LocalFs::open(dir.path()).unwrap().impersonate(true)).keeping(dir)
    });
}

#[test]
fn a_sub_tree_of_mem_fs() {
    assert_all(|| sub_tree(mem()));
}

#[test]
fn a_sub_tree_of_local_fs() {
    assert_all(|| {
        let local = local();
        Subject::from(sub_tree(local.fs)).keeping(local.keep)
    });
}

#[test]
fn a_read_only_view() {
    for subject in [Subject::from(MemFs::new()), local()] {
        populate(&*subject.fs);
        assert_read_only(&(Arc::new(ReadOnly::new(subject.fs)) as Arc<dyn Vfs>));
    }
}

#[test]
fn count_fs() {
    assert_all(|| CountFs::new(mem()));
}

#[test]
fn slow_fs() {
    assert_all(|| SlowFs::new(mem()).latency(Duration::from_nanos(1)).bandwidth(1 << 40).concurrency(8));
}

#[test]
fn fault_fs_without_faults() {
    assert_all(|| FaultFs::new(mem()));
}

#[test]
fn outside_fs() {
    assert_all(|| OutsideFs::new(mem()));
}

#[test]
fn outside_fs_as_others_have_it_while_it_is_watched() {
    #[derive(Debug)]
    struct Nobody;
    impl Watcher for Nobody {
        fn notice(&self, _: &Notice<'_>) {}
    }
    assert_all(|| {
        let fs = OutsideFs::new(mem());
        let watch = fs.watch(WatchHow::default(), Arc::new(Nobody)).unwrap();
        Subject::new(fs.outside()).keeping(watch)
    });
}
