use cachefs_testkit::CallKind;
use cachefs_vfs::{Access, Errno, OpenHow, Privileges, RenameHow};

use crate::bench::{Bench, bytes, name, names, read};

#[test]
fn a_write_stays_here_until_it_is_flushed() {
    let bench = Bench::new();
    let file = bench.dirty("f", b"abc");
    assert_eq!((bench.writes(), bytes(&*bench.bare, "f")), (0, vec![]));
    assert_eq!((bytes(&*bench.root, "f"), bench.stat("f").size), (b"abc".to_vec(), 3));
    let before = file.attr().unwrap();
    bench.settle();
    assert_eq!(bytes(&*bench.bare, "f"), b"abc");
    let after = file.attr().unwrap();
    assert_eq!((after.mtime, after.ctime, after.size), (before.mtime, before.ctime, before.size));
}

#[test]
fn a_renamed_file_stays_dirty() {
    let bench = Bench::new();
    let file = bench.dirty("f", b"abc");
    bench.rename("f", "g", RenameHow::Replace);
    assert_eq!((bench.writes(), bytes(&*bench.root, "g")), (0, b"abc".to_vec()));
    file.append(b"def", Privileges::Keep).unwrap();
    bench.rename("g", "h", RenameHow::NoReplace);
    bench.settle();
    assert_eq!((names(&*bench.bare), bytes(&*bench.bare, "h")), (vec!["h".to_owned()], b"abcdef".to_vec()));
}

#[test]
fn a_file_that_replaces_another_is_whole_at_once() {
    for target_dirty in [false, true] {
        let bench = Bench::new();
        let old = bench.dirty("f", b"old bytes");
        if !target_dirty {
            bench.settle();
        }
        bench.dirty("new", b"new");
        let written = bench.counted.snapshot().bytes_written;
        bench.rename("new", "f", RenameHow::Replace);
        assert_eq!(bytes(&*bench.bare, "f"), b"new", "in the backing before the rename is");
        assert_eq!(bench.counted.snapshot().bytes_written - written, 3, "what is replaced needs no flush");
        assert_eq!(read(&*old), b"old bytes");
        old.write_at(b"OLD", 0, Privileges::Keep).unwrap();
        assert_eq!((read(&*old), old.attr().unwrap().links), (b"OLD bytes".to_vec(), 0));
        bench.settle();
        assert_eq!(bytes(&*bench.root, "f"), b"new");
        assert_eq!(names(&*bench.bare), ["f"]);
    }
}

#[test]
fn a_refused_rename_changes_nothing() {
    let bench = Bench::new();
    bench.dirty("f", b"one");
    bench.dirty("g", b"other");
    let refused = bench.root.rename(name("f"), &*bench.root, name("g"), RenameHow::NoReplace).unwrap_err();
    assert_eq!((refused.errno(), bench.writes()), (Errno::EXIST, 0));
    assert_eq!((bytes(&*bench.root, "f"), bytes(&*bench.root, "g")), (b"one".to_vec(), b"other".to_vec()));
    let refused = bench.root.rename(name("none"), &*bench.root, name("g"), RenameHow::Replace).unwrap_err();
    assert_eq!(refused.errno(), Errno::NOENT);
    bench.settle();
    assert_eq!((bytes(&*bench.bare, "f"), bytes(&*bench.bare, "g")), (b"one".to_vec(), b"other".to_vec()));
}

#[test]
fn two_dirty_files_change_places() {
    let bench = Bench::new();
    let (one, other) = (bench.dirty("f", b"one"), bench.dirty("g", b"other"));
    bench.rename("f", "g", RenameHow::Exchange);
    assert_eq!((bytes(&*bench.bare, "f"), bytes(&*bench.bare, "g")), (b"other".to_vec(), b"one".to_vec()));
    one.write_at(b"1", 0, Privileges::Keep).unwrap();
    other.write_at(b"2", 0, Privileges::Keep).unwrap();
    assert_eq!((bytes(&*bench.root, "f"), bytes(&*bench.root, "g")), (b"2ther".to_vec(), b"1ne".to_vec()));
    bench.settle();
    assert_eq!((bytes(&*bench.bare, "f"), bytes(&*bench.bare, "g")), (b"2ther".to_vec(), b"1ne".to_vec()));
}

#[test]
fn a_second_name_sees_what_is_dirty_by_the_first() {
    let bench = Bench::new();
    let file = bench.dirty("f", b"abc");
    bench.root.hard_link(name("f"), &*bench.root, name("g")).unwrap();
    assert_eq!(bytes(&*bench.bare, "g"), b"abc", "flushed before there are two names");
    file.write_at(b"X", 0, Privileges::Keep).unwrap();
    assert_eq!((bytes(&*bench.root, "g"), bench.stat("g").links), (b"Xbc".to_vec(), 2));
    bench.remove("f");
    assert_eq!((bytes(&*bench.root, "g"), bench.stat("g").links), (b"Xbc".to_vec(), 1));
    drop(file);
    bench.rename("g", "h", RenameHow::Replace);
    bench.settle();
    assert_eq!((bytes(&*bench.bare, "h"), names(&*bench.bare)), (b"Xbc".to_vec(), vec!["h".to_owned()]));
}

#[test]
fn both_names_of_a_dirty_file_are_its_names() {
    let bench = Bench::new();
    let file = bench.dirty("f", b"abc");
    bench.settle();
    bench.root.hard_link(name("f"), &*bench.root, name("g")).unwrap();
    file.write_at(b"X", 0, Privileges::Keep).unwrap();
    // By the name that no handle of ours was opened by.
    bench.rename("g", "h", RenameHow::Replace);
    bench.root.rename(name("f"), &*bench.root, name("h"), RenameHow::Replace).unwrap();
    assert_eq!(names(&*bench.root), ["f", "h"], "a rename between names of one file is none");
    bench.remove("h");
    assert_eq!(bench.stat("f").links, 1);
    bench.settle();
    assert_eq!(bytes(&*bench.bare, "f"), b"Xbc");
}

#[test]
fn what_is_unlinked_is_never_written_back_once_it_is_closed() {
    let bench = Bench::new();
    let file = bench.dirty("f", b"abc");
    let again = bench.root.open(name("f"), OpenHow::new(Access::Read)).unwrap().handle;
    bench.remove("f");
    drop(file);
    assert_eq!(read(&*again), b"abc", "somebody still reads it");
    assert_eq!(bench.fs.status().dirty_bytes, 3);
    drop(again);
    assert_eq!(bench.fs.status().dirty_bytes, 0);
    bench.settle();
    assert_eq!((bench.writes(), names(&*bench.bare)), (0, vec![]));
}

#[test]
fn a_closed_file_is_dropped_as_it_is_unlinked() {
    let bench = Bench::new();
    drop(bench.dirty("f", b"abc"));
    bench.remove("f");
    assert_eq!((bench.fs.status().dirty_bytes, bench.writes()), (0, 0));
    bench.settle();
    bench.dirty("f", b"new");
    bench.settle();
    assert_eq!(bytes(&*bench.bare, "f"), b"new");
}

#[test]
fn dirty_files_go_along_with_their_directory() {
    let bench = Bench::new();
    let owner = cachefs_vfs::Owner::process();
    for dir in ["d", "e"] {
        bench.root.make_dir(name(dir), cachefs_vfs::Mode::new(0o755), &owner).unwrap();
    }
    let dirs: Vec<_> = ["d", "e"].iter().map(|dir| bench.root.dir(name(dir)).unwrap().handle).collect();
    let how = cachefs_vfs::CreateHow {
        open: OpenHow::new(Access::Write),
        mode: cachefs_vfs::Mode::new(0o600),
        exclusive: true,
    };
    let file = dirs[0].create(name("f"), how, &owner).unwrap().handle;
    file.append(b"abc", Privileges::Keep).unwrap();
    bench.rename("d", "e", RenameHow::Exchange);
    bench.rename("e", "x", RenameHow::Replace);
    file.append(b"def", Privileges::Keep).unwrap();
    dirs[1].rename(name("none"), &*dirs[0], name("f"), RenameHow::Replace).unwrap_err();
    assert_eq!(
        bench.root.remove(name("x"), cachefs_vfs::RemoveKind::Dir).unwrap_err().errno(),
        Errno::NOTEMPTY
    );
    bench.fs.flush_path("x/f".as_ref()).unwrap();
    assert_eq!(bytes(&*bench.bare.dir(name("x")).unwrap().handle, "f"), b"abcdef");
    bench.settle();
}

#[test]
fn a_clean_name_costs_no_look_up_though_others_are_dirty() {
    let bench = Bench::new();
    let (mode, owner) = (cachefs_vfs::Mode::new(0o600), cachefs_vfs::Owner::process());
    bench.root.make_node(name("clean"), cachefs_vfs::NodeKind::Regular, mode, &owner).unwrap();
    let clean = bench.root.open(name("clean"), OpenHow::new(Access::Read)).unwrap().handle;
    let _file = bench.dirty("dirty", b"abc");
    let before = bench.counted.snapshot();
    bench.rename("clean", "moved", RenameHow::Replace);
    bench.remove("moved");
    let counts = bench.counted.snapshot().since(&before);
    assert_eq!((counts.of(CallKind::Stat), counts.of(CallKind::Attr)), (0, 0), "{counts:?}");
    assert_eq!(clean.attr().unwrap().links, 0);
}
