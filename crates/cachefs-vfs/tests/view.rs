//! The views from outside: nothing above a sub-tree, no change through a read-only view, and all verbs otherwise.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use cachefs_vfs::{
    Access, AllocateHow, CreateHow, Errno, MemFs, Mode, Name, NodeKind, Object, OpenHow, Opened, Owner,
    Privileges::Keep, ReadOnly, RemoveKind, RenameHow, Result, SetAttr, SubTree, SyncHow, VDir, VFile, Vfs,
    VfsExt, XattrHow,
};

fn n(name: &str) -> Name<'_> {
    Name::new(name).unwrap()
}

#[track_caller]
fn refused<T>(result: Result<T>, errno: Errno) {
    assert_eq!(result.err().map(|error| error.errno()), Some(errno));
}

fn backing() -> Arc<MemFs> {
    let fs = MemFs::new();
    fs.create_dir_all("top/in/deep").unwrap();
    fs.write("top/in/f", b"inside").unwrap();
    fs.write("top/out", b"outside").unwrap();
    fs.symlink("in", "top/link").unwrap();
    Arc::new(fs)
}

const CHMOD: SetAttr =
    SetAttr { mode: Some(Mode::new(0o600)), uid: None, gid: None, atime: None, mtime: None };

fn how(access: Access, exclusive: bool) -> CreateHow {
    CreateHow { open: OpenHow::new(access), mode: Mode::new(0o644), exclusive }
}

#[test]
fn a_sub_tree_is_a_filesystem_of_its_own() {
    let fs = backing();
    let view = SubTree::new(fs.clone(), "top/in").unwrap();
    assert_eq!(view.read("f"), Ok(b"inside".to_vec()));
    view.write("deep/new", b"x").unwrap();
    assert_eq!(fs.read("top/in/deep/new"), Ok(b"x".to_vec()));
    refused(view.read("../out"), Errno::INVAL);
    assert_eq!(view.exists("out"), Ok(false));
    assert!(!view.caps().open_id, "an identity may lie outside");
    refused(view.open_id(fs.stat("top/out").unwrap().id), Errno::OPNOTSUPP);
    fs.rename("top/in", "moved").unwrap();
    assert_eq!(view.read("f"), Ok(b"inside".to_vec()), "it is held, not looked up");
    for (path, errno) in [("top/link", Errno::NOTDIR), ("top/out", Errno::NOTDIR), ("no", Errno::NOENT)] {
        refused(SubTree::new(fs.clone(), path), errno);
    }
}

#[test]
fn verbs_with_two_handles_stay_within_one_view() {
    let fs = backing();
    let (view, twin) =
        (SubTree::new(fs.clone(), "top/in").unwrap(), SubTree::new(fs.clone(), "top/in").unwrap());
    let (root, deep) = (view.root().unwrap(), view.dir("deep").unwrap());
    root.hard_link(n("f"), &*deep, n("g")).unwrap();
    root.rename(n("f"), &*deep, n("h"), RenameHow::Replace).unwrap();
    assert_eq!(fs.stat("top/in/deep/h").unwrap().links, 2);
    for other in [twin.root().unwrap(), fs.dir("top").unwrap()] {
        refused(deep.rename(n("h"), &*other, n("h"), RenameHow::Replace), Errno::XDEV);
        refused(deep.hard_link(n("h"), &*other, n("i")), Errno::XDEV);
        refused(other.rename(n("deep"), &*deep, n("x"), RenameHow::Replace), Errno::XDEV);
    }
    let open = |fs: &dyn Vfs, path: &str| fs.open(path, OpenHow::new(Access::ReadWrite)).unwrap();
    let (file, target) =
        (open(&view, "deep/h"), deep.create(n("t"), how(Access::Write, true), &Owner::process()));
    assert_eq!(file.copy_range(0, &*target.unwrap().handle, 0, 9, Keep), Ok(6));
    assert_eq!(view.read("deep/t"), Ok(b"inside".to_vec()));
    for other in [open(&twin, "deep/t"), open(&*fs, "top/out")] {
        refused(file.copy_range(0, &*other, 0, 1, Keep), Errno::XDEV);
    }
}

/// Every verb of the contract that changes something, on a directory with `f` and `d` and on the file `f`.
fn changes(dir: &dyn VDir, file: &dyn VFile) -> Vec<(&'static str, Result<()>)> {
    let me = Owner::process();
    let mode = Mode::new(0o644);
    let cut = OpenHow { truncate: true, ..OpenHow::new(Access::Read) };
    let key = "user.a".as_ref();
    vec![
        ("dir set_attr", dir.set_attr(&CHMOD).map(drop)),
        ("dir set_xattr", dir.set_xattr(key, b"", XattrHow::Set)),
        ("dir remove_xattr", dir.remove_xattr(key)),
        ("open for writing", dir.open(n("f"), OpenHow::new(Access::Write)).map(drop)),
        ("open for both", dir.open(n("f"), OpenHow::new(Access::ReadWrite)).map(drop)),
        ("open to cut", dir.open(n("f"), cut).map(drop)),
        ("create", dir.create(n("new"), how(Access::Read, false), &me).map(drop)),
        ("create exclusively", dir.create(n("new"), how(Access::Read, true), &me).map(drop)),
        ("create over", dir.create(n("f"), how(Access::Write, false), &me).map(drop)),
        ("make_dir", dir.make_dir(n("new"), mode, &me).map(drop)),
        ("make_node", dir.make_node(n("new"), NodeKind::Fifo, mode, &me).map(drop)),
        ("symlink", dir.symlink(n("new"), "x".as_ref(), &me).map(drop)),
        ("hard_link", dir.hard_link(n("f"), dir, n("new")).map(drop)),
        ("remove file", dir.remove(n("f"), RemoveKind::File)),
        ("remove dir", dir.remove(n("d"), RemoveKind::Dir)),
        ("rename", dir.rename(n("f"), dir, n("new"), RenameHow::Replace)),
        ("file set_attr", file.set_attr(&CHMOD).map(drop)),
        ("file set_xattr", file.set_xattr(key, b"", XattrHow::Set)),
        ("file remove_xattr", file.remove_xattr(key)),
        ("write_at", file.write_at(b"x", 0, Keep).map(drop)),
        ("append", file.append(b"x", Keep).map(drop)),
        ("set_len", file.set_len(0, Keep).map(drop)),
        ("allocate", file.allocate(AllocateHow::Grow, 0, 1, Keep)),
        ("copy_range", file.copy_range(0, file, 10, 1, Keep).map(drop)),
    ]
}

#[test]
fn a_read_only_view_refuses_each_change() {
    let fs = MemFs::new();
    fs.write("f", b"bytes").unwrap();
    fs.create_dir("d").unwrap();
    let fs = Arc::new(fs);
    let view = ReadOnly::new(fs.clone());
    assert!(view.caps().read_only);
    let (before, root) = (fs.stat("f").unwrap(), view.root().unwrap());
    let Opened { handle: Object::File(by_id), .. } = view.open_id(before.id).unwrap() else {
        panic!("a file")
    };
    for access in [Access::Read, Access::Path] {
        let file = root.open(n("f"), OpenHow::new(access)).unwrap().handle;
        for file in [&file, &by_id] {
            for (verb, result) in changes(&*root, &**file) {
                assert_eq!(result.map_err(|error| error.errno()), Err(Errno::ROFS), "{verb}");
            }
        }
    }
    let below = view.dir("d").unwrap();
    refused(below.make_dir(n("x"), Mode::new(0o755), &Owner::process()), Errno::ROFS);
    assert_eq!(fs.stat("f"), Ok(before));
    assert_eq!(fs.list("").unwrap().len(), 2);
}

#[test]
fn a_read_only_view_reads_as_before() {
    let fs = backing();
    let view = ReadOnly::new(fs.clone());
    assert_eq!(view.read("top/in/f"), fs.read("top/in/f"));
    assert_eq!(view.list("top"), fs.list("top"));
    assert_eq!(view.read_link("top/link"), fs.read_link("top/link"));
    assert_eq!(view.stat_fs(), fs.stat_fs());
    let dir = view.dir("top/in").unwrap();
    let file = dir.create(n("f"), how(Access::Read, false), &Owner::process()).unwrap();
    assert_eq!(file.attr, fs.stat("top/in/f").unwrap(), "nothing is created where it is there");
    assert_eq!((file.handle.sync(SyncHow::All), dir.sync()), (Ok(()), Ok(())));
    assert_eq!(file.handle.set_attr(&SetAttr::default()), Ok(file.attr), "nothing is no change");
    refused(file.handle.xattr("user.a".as_ref()), Errno::NODATA);
}

#[test]
fn views_stack() {
    let fs = backing();
    let view = ReadOnly::new(Arc::new(SubTree::new(fs, "top").unwrap()));
    assert_eq!(view.read("in/f"), Ok(b"inside".to_vec()));
    refused(view.write("in/f", b""), Errno::ROFS);
}
