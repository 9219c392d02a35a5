//! Names: links, renames, removals.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use cachefs_vfs::{Access, Errno, FileKind, Mode, NodeKind, Owner, RemoveKind, RenameHow, Time, Vfs};

use super::{Fixture, errno, name};

#[test]
fn attributes_are_those_the_kernel_tells() {
    let fixture = Fixture::new();
    fixture.write("file", "0123456789");
    let (attr, native) = (
        fixture.root.stat(name("file")).unwrap(),
        std::fs::metadata(fixture.dir.path().join("file")).unwrap(),
    );
    assert_eq!((attr.id.device, attr.id.inode), (native.dev(), native.ino()));
    assert_eq!((attr.size, attr.links, attr.blocks), (10, 1, native.blocks()));
    assert_eq!((attr.uid, attr.gid), (native.uid(), native.gid()));
    assert_eq!(attr.mode, Mode::new(native.mode()));
    let nanos = u32::try_from(native.mtime_nsec()).unwrap();
    assert_eq!(attr.mtime, Time { seconds: native.mtime(), nanos });
    assert_eq!(attr, fixture.open("file", Access::Read).attr().unwrap(), "by name and by handle");
    assert_eq!(fixture.root.attr().unwrap().kind, FileKind::Directory);
    assert_eq!(errno(fixture.root.stat(name("missing"))), Some(Errno::NOENT));
}

#[test]
fn a_rename_heeds_its_flags() {
    let fixture = Fixture::new();
    let root = &fixture.root;
    fixture.write("a", "a");
    fixture.write("b", "b");
    let rename = |from, to, how| errno(root.rename(name(from), root.as_ref(), name(to), how));
    assert_eq!(rename("a", "b", RenameHow::NoReplace), Some(Errno::EXIST));
    assert_eq!(rename("a", "c", RenameHow::Exchange), Some(Errno::NOENT));
    assert_eq!(rename("a", "b", RenameHow::Exchange), None);
    assert_eq!((fixture.read("a"), fixture.read("b")), (b"b".to_vec(), b"a".to_vec()));
    assert_eq!(rename("a", "c", RenameHow::NoReplace), None);
    assert_eq!(rename("c", "b", RenameHow::Replace), None);
    assert_eq!(fixture.read("b"), b"b");
    assert_eq!(std::fs::read_dir(fixture.dir.path()).unwrap().count(), 1);
}

#[test]
fn a_directory_handle_follows_its_directory() {
    let fixture = Fixture::new();
    let root = &fixture.root;
    let owner = Owner::process();
    root.make_dir(name("a"), Mode::new(0o755), &owner).unwrap();
    let dir = root.dir(name("a")).unwrap().handle;
    root.rename(name("a"), root.as_ref(), name("b"), RenameHow::Replace).unwrap();
    dir.make_node(name("file"), NodeKind::Regular, Mode::new(0o600), &owner).unwrap();
    assert_eq!(fixture.read("b/file"), b"");
    assert_eq!(errno(root.remove(name("b"), RemoveKind::File)), Some(Errno::ISDIR));
    assert_eq!(errno(root.remove(name("b"), RemoveKind::Dir)), Some(Errno::NOTEMPTY));
    assert_eq!(errno(dir.remove(name("file"), RemoveKind::Dir)), Some(Errno::NOTDIR));
    dir.sync().unwrap();
}

#[test]
fn links_share_a_file_and_symlinks_keep_their_bytes() {
    let fixture = Fixture::new();
    let root = &fixture.root;
    fixture.write("file", "x");
    let linked = root.hard_link(name("file"), root.as_ref(), name("twin")).unwrap();
    assert_eq!((linked.links, linked.id), (2, root.stat(name("file")).unwrap().id));
    let target = Path::new("../any bytes/\u{1F41F}");
    let made = root.symlink(name("link"), target, &Owner::process()).unwrap();
    assert_eq!(made.kind, FileKind::Symlink);
    assert_eq!(root.read_link(name("link")).unwrap(), target);
    assert_eq!(errno(root.read_link(name("file"))), Some(Errno::INVAL));
    let of_link = root.hard_link(name("link"), root.as_ref(), name("link2")).unwrap();
    assert_eq!((of_link.kind, of_link.links), (FileKind::Symlink, 2), "the link itself is linked");
}

#[test]
fn another_filesystem_is_exdev() {
    let (here, memory) = (Fixture::new(), cachefs_vfs::MemFs::new());
    here.write("file", "x");
    let there = memory.root().unwrap();
    let file = name("file");
    assert_eq!(errno(here.root.hard_link(file, there.as_ref(), file)), Some(Errno::XDEV));
    assert_eq!(errno(here.root.rename(file, there.as_ref(), file, RenameHow::Replace)), Some(Errno::XDEV));
    let Some(shm) = Fixture::in_memory() else { return println!("skipped: no memory filesystem") };
    if shm.root.attr().unwrap().id.device != here.root.attr().unwrap().id.device {
        assert_eq!(errno(here.root.hard_link(file, shm.root.as_ref(), file)), Some(Errno::XDEV));
    }
}

#[test]
fn identity_and_attributes_are_of_one_file_while_names_are_exchanged() {
    let fixture = Fixture::new();
    fixture.write("a", "");
    fixture.write("b", "");
    let root = &fixture.root;
    let ids = [root.stat(name("a")).unwrap().id, root.stat(name("b")).unwrap().id];
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                root.rename(name("a"), root.as_ref(), name("b"), RenameHow::Exchange).unwrap();
            }
        });
        // Until the names were seen to change often enough for some change to fall within a look.
        let (mut stats, mut changes) = (Vec::new(), 0);
        while changes < 2000 && stats.len() < 500_000 {
            stats.push(root.stat(name("a")).map(|attr| attr.id));
            changes += usize::from(stats.len() > 1 && stats[stats.len() - 2] != stats[stats.len() - 1]);
        }
        done.store(true, Ordering::Relaxed);
        for id in stats {
            assert!(id.as_ref().is_ok_and(|id| ids.contains(id)), "{id:?} is neither of {ids:?}");
        }
    });
}
