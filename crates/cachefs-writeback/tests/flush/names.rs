//! What is flushed by a name, or with the directory above it.

use std::path::Path;

use cachefs_vfs::{Access, Mode, Name, OpenHow, Owner, RenameHow, VfsExt};
use cachefs_writeback::{Config, Durability};

use super::bench::{Bench, config, write};

/// A file with the names `f` and `d/g`, dirty by the former.
fn linked() -> Bench {
    let b = Bench::new();
    drop(b.dirty("f", b"base"));
    b.flush();
    let root = b.root();
    root.make_dir(Name::new("d").unwrap(), Mode::new(0o755), &Owner::process()).unwrap();
    let dir = root.dir(Name::new("d").unwrap()).unwrap().handle;
    root.hard_link(Name::new("f").unwrap(), &*dir, Name::new("g").unwrap()).unwrap();
    drop(b.dirty("f", b"late"));
    b
}

#[test]
fn any_name_of_a_file_will_do() {
    let b = linked();
    b.fs.flush_path(Path::new("d/g")).unwrap();
    assert_eq!(b.beneath("f"), b"late");
}

#[test]
fn a_file_is_beneath_the_directories_of_all_its_names() {
    let b = linked();
    b.fs.flush_subtree(Path::new("d")).unwrap();
    assert_eq!(b.beneath("f"), b"late");
}

#[test]
fn a_name_that_is_not_there_has_nothing_to_flush() {
    let b = linked();
    b.fs.flush_path(Path::new("d/none")).unwrap();
    assert_eq!(b.beneath("f"), b"base");
}

#[test]
fn the_sync_of_a_directory_that_others_renamed_takes_what_is_in_it_along() {
    for durability in [Durability::Backing, Durability::Journal] {
        let b = Bench::with(Config { durability, ..config() });
        let root = b.root();
        root.make_dir(Name::new("d").unwrap(), Mode::new(0o755), &Owner::process()).unwrap();
        b.fs.write("d/f", b"base").unwrap();
        b.flush();
        let file = b.fs.open("d/f", OpenHow::new(Access::ReadWrite)).unwrap();
        write(&*file, b"late", 0);
        let theirs = b.others.root().unwrap();
        let (from, to) = (Name::new("d").unwrap(), Name::new("e").unwrap());
        theirs.rename(from, &*theirs, to, RenameHow::Replace).unwrap();
        root.dir(to).unwrap().handle.sync().unwrap();
        if durability == Durability::Backing {
            assert_eq!(b.beneath("e/f"), b"late");
        }
    }
}
