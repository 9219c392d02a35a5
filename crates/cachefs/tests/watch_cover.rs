//! Where a watch tells of files by their names, what is known of a file is covered as long as its name is known.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use std::thread;

use cachefs_testkit::CallKind;
use cachefs_vfs::{Access, Mode, Privileges, RenameHow, SetAttr, VfsExt, WatchMethod};

use support::name;
use support::outside::{KIB, METHODS, WatchBench, contents, known, open, watching};

/// Others append to a file that a handle of ours stands for, under this name by now.
fn assert_seen_by_handle(bench: &WatchBench, path: &str, file: &dyn cachefs_vfs::VFile, what: &str) {
    let before = bench.others.stat(path).unwrap().size;
    bench.others.append(path, b"more").unwrap();
    bench.years();
    assert_eq!(file.attr().unwrap().size, before + 4, "{what}, years later");
}

#[test]
fn a_failed_mkdir_of_ours_leaves_no_file_stale() {
    for method in METHODS {
        let bench = known(method);
        let file = open(&bench.cache, "dir/0", Access::Read);
        contents(&*file);
        bench.cache.create_dir("dir/0").unwrap_err();
        assert_seen_by_handle(&bench, "dir/0", &*file, &format!("{method:?}"));
    }
}

#[test]
fn a_name_from_before_notices_were_lost_covers_nothing() {
    for method in METHODS {
        for to in ["far/file", "dir/moved"] {
            let bench = known(method);
            bench.others.create_dir("far").unwrap();
            let file = open(&bench.cache, "dir/0", Access::Read);
            contents(&*file);
            bench.told.hold();
            bench.others.rename("dir/0", to).unwrap();
            bench.told.overflow();
            bench.told.release();
            file.attr().unwrap();
            bench.years();
            file.attr().unwrap();
            assert_seen_by_handle(&bench, to, &*file, &format!("{method:?}, {to}"));
        }
    }
}

#[test]
fn directories_are_watched_anew_when_notices_were_lost() {
    for method in METHODS {
        let bench = known(method);
        bench.counts.reset();
        bench.told.overflow();
        support::wait_until("the notice", || {
            bench.years();
            bench.cache.read("dir/0").unwrap();
            bench.counts.snapshot().of(CallKind::Cover) >= 2
        });
    }
}

#[test]
fn files_that_others_exchange_are_told_apart() {
    for method in METHODS {
        let bench = known(method);
        let files = ["dir/0", "dir/1"].map(|path| open(&bench.cache, path, Access::Read));
        let befores = files.each_ref().map(|file| contents(&**file));
        let dir = bench.others.dir("dir").unwrap();
        dir.rename(name("0"), &*dir, name("1"), RenameHow::Exchange).unwrap();
        // Same size, same tick.
        open(&*bench.others, "dir/1", Access::Write).write_at(b"behind", 5, Privileges::Keep).unwrap();
        assert_eq!(&contents(&*files[0])[5..11], b"behind", "{method:?}");
        assert!(contents(&*files[1]) == befores[1], "{method:?}");
        assert_seen_by_handle(&bench, "dir/1", &*files[0], &format!("the one {method:?}"));
        assert_seen_by_handle(&bench, "dir/0", &*files[1], &format!("the other {method:?}"));
        assert_eq!(bench.cache.stat("dir/1").unwrap().size, 100 * KIB as u64 + 4);
    }
}

/// The name leaves the table while the attributes are on their way.
#[test]
fn an_answer_on_its_way_does_not_bring_back_a_cover_that_was_taken_meanwhile() {
    let bench = WatchBench::with(watching(WatchMethod::Inotify), |cache| cache.metadata_entries(16));
    bench.others.write("file", b"before").unwrap();
    (0..2).for_each(|_| drop(bench.cache.read("file").unwrap()));
    let file = open(&bench.cache, "file", Access::Read);
    contents(&*file);
    let set = SetAttr { mode: Some(Mode::new(0o600)), ..SetAttr::default() };
    open(&*bench.others, "file", Access::Path).set_attr(&set).unwrap();
    bench.gate().hold(CallKind::Stat, "file");
    thread::scope(|scope| {
        let _release = bench.gate().release_on_drop();
        let asker = scope.spawn(|| file.attr().unwrap());
        bench.gate().wait();
        (0..20).for_each(|number| assert!(!bench.cache.exists(format!("missing{number}")).unwrap()));
        bench.gate().release();
        asker.join().unwrap();
    });
    assert_seen_by_handle(&bench, "file", &*file, "displaced");
}
