//! Attributes and names after a write and after a removal, and names that begin alike.

use cachefs_vfs::{Errno, VfsExt};

use super::desk::{Desk, bytes, write};

#[test]
fn attributes_are_those_after_the_last_write() {
    let desk = Desk::with_file("f", &bytes(1, 1000));
    let before = desk.cache.stat("f").unwrap();
    let file = desk.open("f");
    write(&*file, &bytes(2, 1000), 500);
    let after = desk.cache.stat("f").unwrap();
    assert_eq!((after.id, after.size), (before.id, 1500));
    assert!(after.mtime > before.mtime && after.ctime > before.ctime, "{before:?} {after:?}");
    assert_eq!(file.attr().unwrap(), after, "by a handle");
    desk.cache.clear();
    assert_eq!(desk.cache.stat("f").unwrap(), after, "asked for again");
    desk.flush();
    desk.cache.clear();
    let flushed = desk.cache.stat("f").unwrap();
    assert_eq!((flushed.size, flushed.mtime, flushed.ctime), (1500, after.mtime, after.ctime), "flushed");
    assert_eq!(desk.backing.stat("f").unwrap().mtime, after.mtime, "in the backing");
}

#[test]
fn what_was_removed_is_gone() {
    let desk = Desk::new();
    desk.cache.write("f", &bytes(1, 100_000)).unwrap();
    desk.cache.stat("f").unwrap();
    desk.cache.list("").unwrap();
    desk.cache.remove_file("f").unwrap();
    assert_eq!(desk.cache.stat("f").unwrap_err().errno(), Errno::NOENT);
    assert_eq!(desk.cache.list("").unwrap(), []);
    desk.flush();
    assert!(!desk.backing.exists("f").unwrap(), "no flush brings it back");
    assert_eq!(desk.written(), 0, "nor writes what nobody can read");
}

#[test]
fn a_new_file_has_nothing_of_the_one_that_had_its_name() {
    let desk = Desk::new();
    desk.cache.write("f", &bytes(1, 100_000)).unwrap();
    desk.cache.remove_file("f").unwrap();
    desk.cache.write("f", b"new").unwrap();
    desk.check("f", b"new");
    assert_eq!(desk.written(), 3);
}

#[test]
fn a_file_and_a_directory_change_places() {
    let desk = Desk::new();
    desk.cache.write("x", b"file").unwrap();
    desk.cache.create_dir("d").unwrap();
    desk.cache.write("d/f", b"below").unwrap();
    desk.cache.rename("x", "y").unwrap();
    desk.cache.rename("d", "x").unwrap();
    desk.cache.write("d", b"a file now").unwrap();
    assert_eq!(desk.cache.read("x/f").unwrap(), b"below");
    desk.check("y", b"file");
    desk.check("d", b"a file now");
    desk.check("x/f", b"below");
}

#[test]
fn a_name_that_begins_alike_is_another() {
    let desk = Desk::new();
    for dir in ["data", "database"] {
        desk.cache.create_dir(dir).unwrap();
        desk.cache.write(format!("{dir}/f"), dir.as_bytes()).unwrap();
    }
    desk.write_back.flush_subtree("data".as_ref()).unwrap();
    assert_eq!(desk.backing.read("data/f").unwrap(), b"data");
    assert_eq!(desk.backing.read("database/f").unwrap(), b"", "not asked for");
    desk.cache.invalidate("data").unwrap();
    desk.cache.remove_dir_all("data").unwrap();
    desk.check("database/f", b"database");
}
