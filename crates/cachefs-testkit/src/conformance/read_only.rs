//! Views that refuse every change.

use std::path::Path;
use std::sync::Arc;

use cachefs_vfs::{
    Access, AllocateHow, Errno, Mode, NodeKind, OpenHow, Privileges, RenameHow, SetAttr, VFile, VNode, Vfs,
    XattrHow,
};

use super::bench::{Folder, MODE, contents, how, name, owner};
use super::failure::{Outcome, fails, fails_with, same, same_bytes};

/// Makes the tree that [`assert_read_only`] looks at.
///
/// # Panics
/// If it cannot.
pub fn populate(fs: &dyn Vfs) {
    let make = || -> Outcome {
        let root = Folder(fs.root()?);
        root.put("f", b"abc")?;
        root.sub("d")?.make("g")?;
        if fs.caps().symlinks {
            root.symlink(name("l"), Path::new("f"), &owner())?;
        }
        Ok(())
    };
    if let Err(failure) = make() {
        panic!("{failure}");
    }
}

/// Insists that `fs`, whose tree is that of [`populate`], can be read and that every change is `EROFS`.
///
/// # Panics
/// If it cannot, or if something else comes of a change.
pub fn assert_read_only(fs: &Arc<dyn Vfs>) {
    let check = || -> Outcome {
        same(fs.caps().read_only, true)?;
        let root = Folder(fs.root()?);
        reads(&root)?;
        refuses_names(&root)?;
        refuses_bytes(&*root.opened("f", Access::Read)?)?;
        refuses_attributes(&*root)?;
        refuses_attributes(&*root.opened("f", Access::Path)?)?;
        reads(&root)
    };
    if let Err(failure) = check() {
        panic!("{failure}");
    }
}

fn reads(root: &Folder) -> Outcome {
    same_bytes(&contents(&*root.opened("f", Access::Read)?)?, b"abc")?;
    same(root.attr_of("f")?.size, 3)?;
    same(root.enter("d")?.names()?.len(), 1)
}

fn refuses_names(root: &Folder) -> Outcome {
    const ROFS: Errno = Errno::ROFS;
    for access in [Access::Write, Access::ReadWrite] {
        fails(root.open(name("f"), OpenHow::new(access)), ROFS)?;
    }
    let truncate = OpenHow { truncate: true, ..OpenHow::new(Access::Write) };
    fails(root.open(name("f"), truncate), ROFS)?;
    for handle in [Access::Path, Access::Read] {
        let file = root.opened("f", handle)?;
        for access in [Access::Write, Access::ReadWrite] {
            fails(file.reopen(OpenHow::new(access)), ROFS)?;
        }
        same_bytes(&contents(&*file.reopen(OpenHow::new(Access::Read))?)?, b"abc")?;
    }
    fails(root.create(name("new"), how(Access::ReadWrite, true), &owner()), ROFS)?;
    fails(root.make_dir(name("new"), Mode::new(0o755), &owner()), ROFS)?;
    fails(root.make_node(name("new"), NodeKind::Regular, MODE, &owner()), ROFS)?;
    fails(root.symlink(name("new"), Path::new("f"), &owner()), ROFS)?;
    fails(root.link("f", "new"), ROFS)?;
    fails(root.delete("f"), ROFS)?;
    fails(root.enter("d")?.delete("g"), ROFS)?;
    fails(root.delete_dir("d"), ROFS)?;
    fails(root.mv("f", "new", RenameHow::Replace), ROFS)
}

fn refuses_bytes(file: &dyn VFile) -> Outcome {
    let refused = [Errno::ROFS, Errno::BADF];
    fails_with(file.write_at(b"x", 0, Privileges::Keep), &refused)?;
    fails_with(file.append(b"x", Privileges::Keep), &refused)?;
    fails_with(file.set_len(0, Privileges::Keep), &refused)?;
    fails_with(file.allocate(AllocateHow::Grow, 0, 10, Privileges::Keep), &refused)?;
    fails_with(file.copy_range(0, file, 10, 1, Privileges::Keep), &refused)
}

fn refuses_attributes<N: VNode + ?Sized>(node: &N) -> Outcome {
    let set = SetAttr { mode: Some(MODE), ..SetAttr::default() };
    fails(node.set_attr(&set), Errno::ROFS)?;
    fails(node.set_xattr("user.a".as_ref(), b"x", XattrHow::Set), Errno::ROFS)?;
    fails(node.remove_xattr("user.a".as_ref()), Errno::ROFS)
}
