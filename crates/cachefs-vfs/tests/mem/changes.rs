use cachefs_vfs::{
    Access, AllocateHow, Attr, CreateHow, Errno, FileKind, MemFs, Mode, NodeKind, OpenHow, Privileges,
    RemoveKind, RenameHow, Result, SetAttr, SetTime, Time, VDir, VFile, XattrHow,
};

use super::{create, make_dir, n, owner, refused, root};

fn chmod(bits: u32) -> SetAttr {
    SetAttr { mode: Some(Mode::new(bits)), ..SetAttr::default() }
}

#[test]
fn new_files_belong_to_their_owner_less_the_umask() {
    let fs = MemFs::new();
    let how = CreateHow { open: OpenHow::new(Access::Path), mode: Mode::new(0o666), exclusive: false };
    let file = root(&fs).create(n("f"), how, &owner(7, 8, 0o027)).unwrap().attr;
    assert_eq!((file.uid, file.gid, file.mode.bits()), (7, 8, 0o640));
    let again = root(&fs).create(n("f"), how, &owner(1, 1, 0)).unwrap().attr;
    assert_eq!((again.id, again.uid), (file.id, 7), "an existing file is opened as it is");
    refused(root(&fs).create(n("f"), CreateHow { exclusive: true, ..how }, &owner(1, 1, 0)), Errno::EXIST);
}

#[test]
fn a_set_gid_directory_hands_its_group_down() {
    let fs = MemFs::new();
    let dir = make_dir(&*root(&fs), "d");
    dir.set_attr(&SetAttr { gid: Some(50), ..chmod(0o2777) }).unwrap();
    let below = dir.make_dir(n("below"), Mode::new(0o6777), &owner(7, 8, 0)).unwrap();
    assert_eq!((below.gid, below.mode.bits()), (50, 0o2777));
    let file = dir.make_node(n("f"), NodeKind::Regular, Mode::new(0o644), &owner(7, 8, 0)).unwrap();
    assert_eq!((file.uid, file.gid, file.mode.bits()), (7, 50, 0o644));
    let plain = root(&fs).make_dir(n("plain"), Mode::new(0o6777), &owner(7, 8, 0)).unwrap();
    assert_eq!((plain.gid, plain.mode.bits()), (8, 0o777), "mkdir sets no set-id bits");
}

#[test]
fn only_a_write_that_drops_privileges_strips_set_id() {
    let fs = MemFs::new();
    let file = create(&*root(&fs), "f");
    let mode = || file.attr().unwrap().mode.bits();
    let capability = "security.capability".as_ref();
    file.set_attr(&chmod(0o6755)).unwrap();
    file.set_xattr(capability, b"x", XattrHow::Set).unwrap();
    file.write_at(b"a", 0, Privileges::Keep).unwrap();
    assert_eq!((mode(), file.xattr(capability).is_ok()), (0o6755, true));
    file.write_at(b"a", 0, Privileges::Drop).unwrap();
    assert_eq!(mode(), 0o755);
    refused(file.xattr(capability), Errno::NODATA);
    let changes: [fn(&dyn VFile) -> Result<()>; 5] = [
        |file| file.append(b"a", Privileges::Drop).map(drop),
        |file| file.set_len(9, Privileges::Drop).map(drop),
        |file| file.allocate(AllocateHow::PunchHole, 0, 1, Privileges::Drop),
        |file| file.copy_range(0, file, 20, 1, Privileges::Drop).map(drop),
        |file| file.set_attr(&SetAttr { uid: Some(3), ..SetAttr::default() }).map(drop),
    ];
    for change in changes {
        file.set_attr(&chmod(0o6745)).unwrap();
        change(&*file).unwrap();
        assert_eq!(mode(), 0o2745, "without group execute, set-gid means something else");
    }
}

#[test]
fn attributes_are_set_all_or_none() {
    let fs = MemFs::new();
    let file = create(&*root(&fs), "f");
    let before = file.attr().unwrap();
    assert_eq!(file.set_attr(&SetAttr::default()), Ok(before), "nothing to change changes no time");
    let time = Time { seconds: -5, nanos: 7 };
    let set = SetAttr { atime: Some(SetTime::To(time)), mtime: Some(SetTime::Now), ..chmod(0o600) };
    let after = file.set_attr(&set).unwrap();
    assert_eq!((after.atime, after.mode.bits()), (time, 0o600));
    assert!(after.mtime > before.mtime && after.ctime == after.mtime);
    let bad = Time { seconds: 0, nanos: 1_000_000_000 };
    refused(file.set_attr(&SetAttr { atime: Some(SetTime::To(bad)), ..chmod(0o777) }), Errno::INVAL);
    assert_eq!(file.attr(), Ok(after));
}

#[test]
fn each_change_moves_the_times_it_should() {
    let fs = MemFs::new();
    let dir = root(&fs);
    let file = create(&*dir, "f");
    let other = make_dir(&*dir, "d");
    let moved = |what: &str,
                 change: &dyn Fn(&dyn VDir) -> Result<()>,
                 file_mtime: bool,
                 file_ctime: bool,
                 names: bool| {
        let (f, d) = (file.attr().unwrap(), dir.attr().unwrap());
        change(&*dir).unwrap();
        let (f2, d2) = (file.attr().unwrap(), dir.attr().unwrap());
        let later = |a: &Attr, b: &Attr| (b.mtime > a.mtime, b.ctime > a.ctime);
        assert_eq!(later(&f, &f2), (file_mtime, file_ctime), "file after {what}");
        assert_eq!(later(&d, &d2), (names, names), "directory after {what}");
    };
    let write = |_: &dyn VDir| file.write_at(b"x", 0, Privileges::Keep).map(drop);
    moved("write", &write, true, true, false);
    moved("cut", &|_| file.set_len(0, Privileges::Keep).map(drop), true, true, false);
    moved("chmod", &|_| file.set_attr(&chmod(0o600)).map(drop), false, true, false);
    let set = |_: &dyn VDir| file.set_xattr("user.a".as_ref(), b"", XattrHow::Set);
    moved("setxattr", &set, false, true, false);
    moved("read", &|_| file.read_at(&mut [0], 0).map(drop), false, false, false);
    moved("link", &|d| d.hard_link(n("f"), d, n("g")).map(drop), false, true, true);
    moved("unlink", &|d| d.remove(n("g"), RemoveKind::File), false, true, true);
    let rename = |d: &dyn VDir| d.rename(n("f"), &*other, n("f"), RenameHow::Replace);
    moved("rename", &rename, false, true, true);
}

#[test]
fn special_files_and_symlinks_open_as_paths_only() {
    let fs = MemFs::new();
    let dir = root(&fs);
    let kinds = [
        ("p", NodeKind::Fifo, FileKind::Fifo, 0),
        ("s", NodeKind::Socket, FileKind::Socket, 0),
        ("c", NodeKind::CharDevice(0x103), FileKind::CharDevice, 0x103),
        ("b", NodeKind::BlockDevice(0x801), FileKind::BlockDevice, 0x801),
    ];
    for (name, node, kind, device) in kinds {
        let attr = dir.make_node(n(name), node, Mode::new(0o644), &owner(0, 0, 0)).unwrap();
        assert_eq!((attr.kind, attr.device), (kind, device));
        refused(dir.open(n(name), OpenHow::new(Access::Read)), Errno::OPNOTSUPP);
    }
    dir.symlink(n("l"), "a/b".as_ref(), &owner(7, 8, 0)).unwrap();
    refused(dir.open(n("l"), OpenHow::new(Access::Read)), Errno::LOOP);
    refused(dir.dir(n("l")), Errno::NOTDIR);
    assert_eq!(dir.read_link(n("l")), Ok("a/b".into()));
    refused(dir.read_link(n("p")), Errno::INVAL);
    let link = dir.open(n("l"), OpenHow::new(Access::Path)).unwrap().handle;
    assert_eq!(link.attr().map(|attr| (attr.size, attr.uid)), Ok((3, 7)));
    refused(link.set_attr(&chmod(0o600)), Errno::OPNOTSUPP);
    refused(dir.symlink(n("m"), "".as_ref(), &owner(0, 0, 0)), Errno::NOENT);
}
