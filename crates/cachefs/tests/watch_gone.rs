//! What others do to a name says nothing of the bytes of who has the file open.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use cachefs_vfs::{Access, FileId, Mode, Notice, SetAttr, Subject, Touch, VfsExt, WatchMethod};

use support::bytes;
use support::outside::{KIB, METHODS, WatchBench, contents, open, over_write, watching};

/// A file that is here with all its bytes, and its identity.
fn warm(method: WatchMethod) -> (WatchBench, Vec<u8>, FileId) {
    let bench = WatchBench::with(watching(method), |cache| cache);
    let content = bytes(1, 100 * KIB);
    bench.others.write("file", &content).unwrap();
    for _ in 0..2 {
        bench.cache.read("file").unwrap();
        bench.years();
    }
    let id = bench.cache.stat("file").unwrap().id;
    (bench, content, id)
}

fn replace(bench: &WatchBench) {
    bench.others.write("new", b"another").unwrap();
    bench.others.rename("new", "file").unwrap();
}

/// As it is told of whoever has the number by now.
fn tell(bench: &WatchBench, id: FileId, touch: Touch) {
    let whose = Subject { id: Some(FileId { generation: 0, ..id }), at: None };
    bench.told.tell(Notice::Inode { whose, touch });
}

#[test]
fn an_open_file_that_is_all_here_outlives_what_is_told_of_its_name_and_number() {
    for method in METHODS {
        for removed in [false, true] {
            let (bench, content, id) = warm(method);
            let file = open(&bench.cache, "file", Access::Read);
            match removed {
                true => bench.others.remove_file("file").unwrap(),
                false => replace(&bench),
            }
            assert!(contents(&*file) == content, "{method:?}");
            for touch in [Touch::Attr, Touch::Gone, Touch::Opened, Touch::Data] {
                tell(&bench, id, touch);
                assert!(contents(&*file) == content, "{method:?} {touch:?}");
            }
            bench.cache.recheck();
            assert!(contents(&*file) == content, "{method:?}, when its writers were looked for");
        }
    }
}

#[test]
fn an_open_file_that_others_had_open_when_it_was_replaced_stays_readable() {
    let (bench, content, _) = warm(WatchMethod::Filesystem);
    let file = open(&bench.cache, "file", Access::Read);
    let theirs = open(&*bench.others, "file", Access::Read);
    replace(&bench);
    bench.cache.recheck();
    assert!(contents(&*file) == content);
    drop(theirs);
    bench.cache.recheck();
    assert!(contents(&*file) == content);
}

#[test]
fn bytes_that_changed_while_nothing_led_to_them_are_loaded_when_something_does_again() {
    let bench = WatchBench::new(|cache| cache);
    let (content, other) = (bytes(1, 100 * KIB), bytes(2, 100 * KIB));
    bench.others.write("file", &content).unwrap();
    bench.cache.read("file").unwrap();
    let file = open(&bench.cache, "file", Access::Read);
    bench.counts.reset();
    assert!(contents(&*file) == content);
    assert_eq!(bench.counts.snapshot().called(), [], "no handle of the backing");
    let id = file.attr().unwrap().id;
    bench.others.rename("file", "away").unwrap();
    // Of the same length, within the same tick: the version says nothing.
    over_write(&*bench.memory, "away", &other, 0);
    tell(&bench, id, Touch::Data);
    assert!(bench.cache.read("away").unwrap() == other);
    assert!(contents(&*file) == other);
}

/// A watch that cannot tell who changed something tells of our own changes, too, and late.
#[test]
fn what_we_removed_and_made_again_is_found_after_the_notice_of_its_removal() {
    for method in METHODS {
        let bench = WatchBench::with(watching(method), |cache| cache);
        bench.cache.create_dir("dir").unwrap();
        assert!(!bench.cache.exists("dir/other").unwrap());
        bench.told.settle();
        bench.told.hold();
        bench.cache.remove_dir("dir").unwrap();
        bench.cache.create_dir("dir").unwrap();
        let held = open(&bench.cache, "dir", Access::Path);
        let dir = bench.cache.dir("dir").unwrap();
        bench.told.release();
        bench.told.settle();
        let mode = SetAttr { mode: Some(Mode::new(0o750)), ..SetAttr::default() };
        assert_eq!(held.set_attr(&mode).unwrap().mode.bits(), 0o750, "{method:?}");
        dir.sync().unwrap();
        drop((held, dir));
        bench.cache.write("dir/file", b"content").unwrap();
        assert_eq!(bench.others.read("dir/file").unwrap(), b"content", "{method:?}");
    }
}
