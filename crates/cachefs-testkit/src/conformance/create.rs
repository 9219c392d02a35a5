//! Making files and directories.

use cachefs_vfs::{Access, CreateHow, Errno, FileKind, Groups, Mode, NodeKind, OpenHow, Owner, SetAttr};

use super::Case;
use super::bench::{Bench, MODE, contents, how, name, owner, owner_with};
use super::failure::{Outcome, ensure, fails, fails_with, same, same_bytes};

pub(super) const CASES: &[Case] = &[
    Case::new("create makes an empty file and opens it", create),
    Case::new("create opens what is there, unless exclusive", create_existing),
    Case::new("create cuts what is there if asked to", create_truncates),
    Case::new("create refuses what is no regular file", create_over_others),
    Case::new("new modes lose the bits of the umask", umask),
    Case::new("make_dir makes an empty directory", make_dir),
    Case::new("make_node makes an empty regular file", make_regular),
    Case::needing("pipes and sockets have names but are not opened", |caps| caps.special_files, special),
    Case::needing("new files belong to their owner", |caps| caps.owners, owners),
    Case::needing("a set-gid directory hands down its group", |caps| caps.owners, set_gid_dir),
];

fn create(bench: &Bench<'_>) -> Outcome {
    let opened = bench.root.create(name("f"), how(Access::ReadWrite, true), &owner())?;
    same((opened.attr.kind, opened.attr.size, opened.attr.links), (FileKind::Regular, 0, 1))?;
    same(opened.attr.mode, MODE)?;
    same(opened.attr.id, bench.root.attr_of("f")?.id)?;
    same(opened.handle.write_at(b"abc", 0, cachefs_vfs::Privileges::Keep)?, 3)?;
    same_bytes(&contents(&*opened.handle)?, b"abc")
}

fn create_existing(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    root.put("f", b"abc")?;
    fails(root.create(name("f"), how(Access::ReadWrite, true), &owner()), Errno::EXIST)?;
    let opened = root.create(name("f"), how(Access::Read, false), &owner())?;
    same(opened.attr.size, 3)?;
    same_bytes(&contents(&*opened.handle)?, b"abc")
}

fn create_truncates(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    let before = root.put("f", b"abc")?.attr()?;
    let open = OpenHow { truncate: true, ..OpenHow::new(Access::Write) };
    let opened = root.create(name("f"), CreateHow { open, mode: MODE, exclusive: false }, &owner())?;
    same((opened.attr.size, opened.attr.id), (0, before.id))?;
    same(root.attr_of("f")?.size, 0)
}

fn create_over_others(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    root.sub("d")?;
    fails(root.create(name("d"), how(Access::ReadWrite, false), &owner()), Errno::ISDIR)?;
    fails(root.create(name("d"), how(Access::ReadWrite, true), &owner()), Errno::EXIST)?;
    if bench.caps.symlinks {
        root.symlink(name("l"), std::path::Path::new("f"), &owner())?;
        fails(root.create(name("l"), how(Access::ReadWrite, false), &owner()), Errno::LOOP)?;
        fails(root.create(name("l"), how(Access::ReadWrite, true), &owner()), Errno::EXIST)?;
        fails(root.attr_of("f"), Errno::NOENT)?;
    }
    Ok(())
}

fn umask(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    let wide = CreateHow { mode: Mode::new(0o666), ..how(Access::ReadWrite, true) };
    let attr = root.create(name("f"), wide, &owner_with(0o027))?.attr;
    same(attr.mode, Mode::new(0o640))?;
    let attr = root.make_dir(name("d"), Mode::new(0o777), &owner_with(0o077))?;
    same(attr.mode, Mode::new(0o700))?;
    let attr = root.make_node(name("n"), NodeKind::Regular, Mode::new(0o666), &owner_with(0))?;
    same(attr.mode, Mode::new(0o666))
}

fn make_dir(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    let attr = root.make_dir(name("d"), Mode::new(0o755), &owner())?;
    same((attr.kind, attr.mode), (FileKind::Directory, Mode::new(0o755)))?;
    same(attr.id, root.attr_of("d")?.id)?;
    same(root.enter("d")?.names()?.len(), 0)?;
    fails(root.make_dir(name("d"), Mode::new(0o755), &owner()), Errno::EXIST)?;
    root.make("f")?;
    fails(root.make_dir(name("f"), Mode::new(0o755), &owner()), Errno::EXIST)
}

fn make_regular(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    let attr = root.make_node(name("f"), NodeKind::Regular, MODE, &owner())?;
    same((attr.kind, attr.size, attr.links), (FileKind::Regular, 0, 1))?;
    fails(root.make_node(name("f"), NodeKind::Regular, MODE, &owner()), Errno::EXIST)?;
    same_bytes(&root.bytes("f")?, b"")
}

fn special(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    for (node, kind, as_name) in
        [(NodeKind::Fifo, FileKind::Fifo, "fifo"), (NodeKind::Socket, FileKind::Socket, "socket")]
    {
        let attr = root.make_node(name(as_name), node, MODE, &owner())?;
        same((attr.kind, attr.mode, attr.size), (kind, MODE, 0))?;
        for access in [Access::Read, Access::Write, Access::ReadWrite] {
            // A local kernel itself answers ENXIO for sockets.
            let refused = root.open(name(as_name), OpenHow::new(access));
            fails_with(refused, &[Errno::OPNOTSUPP, Errno::NXIO])?;
        }
        let opened = root.open(name(as_name), OpenHow::new(Access::Path))?;
        same(opened.attr.kind, kind)?;
        root.delete(as_name)?;
    }
    Ok(())
}

/// Somebody who is not us.
fn somebody() -> Owner {
    Owner { uid: Some(1234), gid: Some(2345), groups: Groups::None, umask: Some(Mode::new(0o022)) }
}

fn open_to_all(bench: &Bench<'_>, mode: u32) -> Outcome {
    let attr = bench.root.set_attr(&SetAttr { mode: Some(Mode::new(mode)), ..SetAttr::default() })?;
    same(attr.mode.bits(), mode)
}

fn owners(bench: &Bench<'_>) -> Outcome {
    open_to_all(bench, 0o777)?;
    let root = &bench.root;
    let file = root.create(name("f"), how(Access::ReadWrite, true), &somebody())?.attr;
    same((file.uid, file.gid, file.mode), (1234, 2345, MODE))?;
    let dir = root.make_dir(name("d"), Mode::new(0o755), &somebody())?;
    same((dir.uid, dir.gid), (1234, 2345))?;
    let node = root.make_node(name("n"), NodeKind::Regular, MODE, &somebody())?;
    same((node.uid, node.gid), (1234, 2345))?;
    if bench.caps.symlinks {
        let link = root.symlink(name("l"), std::path::Path::new("f"), &somebody())?;
        same((link.uid, link.gid), (1234, 2345))?;
    }
    Ok(())
}

fn set_gid_dir(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    root.set_attr(&SetAttr { gid: Some(777), ..SetAttr::default() })?;
    open_to_all(bench, 0o2777)?;
    let file = root.create(name("f"), how(Access::ReadWrite, true), &somebody())?.attr;
    same((file.uid, file.gid), (1234, 777))?;
    let dir = root.make_dir(name("d"), Mode::new(0o755), &somebody())?;
    same((dir.uid, dir.gid), (1234, 777))?;
    ensure(dir.mode.bits() & 0o2000 != 0, "a directory in a set-gid directory is set-gid, too")
}
