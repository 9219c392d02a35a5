use cachefs_vfs::{
    Access, Errno, FileId, MemFs, Object, OpenHow, Privileges::Keep, RemoveKind, RenameHow, Vfs,
};

use super::{create, make_dir, n, refused, root};

#[test]
fn an_unlinked_file_lives_as_long_as_a_handle() {
    let fs = MemFs::builder().capacity_bytes(4096).build();
    let file = create(&*root(&fs), "f");
    file.write_at(b"still here", 0, Keep).unwrap();
    root(&fs).remove(n("f"), RemoveKind::File).unwrap();
    assert_eq!(file.attr().unwrap().links, 0);
    let mut bytes = [0; 10];
    assert_eq!(file.read_at(&mut bytes, 0), Ok(10));
    assert_eq!(&bytes, b"still here");
    let next = create(&*root(&fs), "f");
    refused(next.write_at(b"x", 0, Keep), Errno::NOSPC);
    drop(file);
    assert_eq!(next.write_at(b"x", 0, Keep), Ok(1), "the last handle gives the space back");
}

#[test]
fn hard_links_are_one_inode() {
    let fs = MemFs::new();
    let (a, b) = (root(&fs), make_dir(&*root(&fs), "d"));
    let file = create(&*a, "f");
    let linked = a.hard_link(n("f"), &*b, n("g")).unwrap();
    assert_eq!((linked.id, linked.links), (file.attr().unwrap().id, 2));
    refused(a.hard_link(n("f"), &*b, n("g")), Errno::EXIST);
    refused(a.hard_link(n("missing"), &*b, n("h")), Errno::NOENT);
    refused(a.hard_link(n("d"), &*a, n("e")), Errno::PERM);
    refused(a.hard_link(n("f"), &*root(&MemFs::new()), n("h")), Errno::XDEV);
    a.remove(n("f"), RemoveKind::File).unwrap();
    assert_eq!(b.stat(n("g")).unwrap().links, 1);
}

#[test]
fn directories_count_their_directories() {
    let fs = MemFs::new();
    let top = root(&fs);
    let links = |dir: &dyn cachefs_vfs::VDir| dir.attr().unwrap().links;
    let (a, b) = (make_dir(&*top, "a"), make_dir(&*top, "b"));
    make_dir(&*a, "x");
    assert_eq!((links(&*top), links(&*a), links(&*b)), (4, 3, 2));
    a.rename(n("x"), &*b, n("x"), RenameHow::Replace).unwrap();
    assert_eq!((links(&*a), links(&*b)), (2, 3));
    top.rename(n("a"), &*b, n("x"), RenameHow::Replace).unwrap();
    assert_eq!((links(&*top), links(&*b)), (3, 3));
    create(&*top, "f");
    top.rename(n("f"), &*b, n("x"), RenameHow::Exchange).unwrap();
    assert_eq!((links(&*top), links(&*b)), (4, 2));
    top.remove(n("f"), RemoveKind::Dir).unwrap();
    assert_eq!((links(&*top), links(&*a)), (3, 0));
}

#[test]
fn removal_looks_at_the_kind() {
    let fs = MemFs::new();
    let dir = make_dir(&*root(&fs), "d");
    create(&*dir, "f");
    refused(root(&fs).remove(n("d"), RemoveKind::File), Errno::ISDIR);
    refused(root(&fs).remove(n("d"), RemoveKind::Dir), Errno::NOTEMPTY);
    refused(dir.remove(n("f"), RemoveKind::Dir), Errno::NOTDIR);
    refused(dir.remove(n("g"), RemoveKind::File), Errno::NOENT);
    dir.remove(n("f"), RemoveKind::File).unwrap();
    root(&fs).remove(n("d"), RemoveKind::Dir).unwrap();
    refused(dir.make_dir(n("x"), cachefs_vfs::Mode::new(0o755), &super::owner(0, 0, 0)), Errno::NOENT);
    refused(dir.stat(n("x")), Errno::NOENT);
}

#[test]
fn an_identity_finds_its_file_wherever_it_is() {
    let fs = MemFs::new();
    let dir = make_dir(&*root(&fs), "d");
    let id = create(&*dir, "f").attr().unwrap().id;
    dir.rename(n("f"), &*root(&fs), n("g"), RenameHow::Replace).unwrap();
    let Object::File(file) = fs.open_id(id).unwrap().handle else { panic!("a file") };
    file.write_at(b"x", 0, Keep).unwrap();
    drop(file);
    assert!(fs.open_id(FileId { generation: 0, ..id }).is_ok(), "0 stands for any generation");
    refused(fs.open_id(FileId { generation: 99, ..id }), Errno::STALE);
    refused(MemFs::new().open_id(id), Errno::STALE);
    root(&fs).remove(n("g"), RemoveKind::File).unwrap();
    refused(fs.open_id(id), Errno::STALE);
    assert_ne!(create(&*root(&fs), "g").attr().unwrap().id, id, "numbers are not used again");
    let dir = fs.open_id(dir.attr().unwrap().id).unwrap();
    assert!(matches!(dir.handle, Object::Dir(_)) && dir.attr.kind.is_dir());
}

#[test]
fn a_very_deep_tree_is_dropped_without_a_deep_stack() {
    let fs = MemFs::new();
    let mut dir = root(&fs);
    for _ in 0..100_000 {
        dir = make_dir(&*dir, "d");
    }
    drop((dir, fs));
}

#[test]
fn handles_outlive_the_filesystem() {
    let fs = MemFs::new();
    let file = create(&*root(&fs), "f");
    let path = root(&fs).open(n("f"), OpenHow::new(Access::Path)).unwrap().handle;
    drop(fs);
    assert_eq!(file.write_at(b"x", 0, Keep), Ok(1));
    assert_eq!(path.attr().unwrap().size, 1);
}
