//! POSIX ACLs, as the xattrs that the kernel keeps them in.

use std::ffi::OsStr;

use cachefs_vfs::{Access, CreateHow, Errno, FileKind, Mode, SetAttr, XattrHow};

use super::Case;
use super::bench::{Bench, how, name, owner_with};
use super::failure::{Outcome, ensure, fails, same};

pub(super) const CASES: &[Case] = &[
    Case::needing("a default ACL is inherited, past the umask", |caps| caps.acls, inherited),
    Case::needing("a mode and an access ACL go together", |caps| caps.acls, mode_and_mask),
    Case::needing("only directories have a default ACL", |caps| caps.acls, directories_only),
];

const ACCESS: &str = "system.posix_acl_access";
const DEFAULT: &str = "system.posix_acl_default";

/// For entries that are for no user or group in particular.
const NOBODY: u32 = u32::MAX;

/// An ACL in the kernel's form: version 2, then (tag, permissions, id) of each entry. It grants the user 1234 reading
/// and writing, owner and mask what is given.
fn acl(owner: u16, mask: u16) -> Vec<u8> {
    let entries: [(u16, u16, u32); 5] =
        [(0x01, owner, NOBODY), (0x02, 6, 1234), (0x04, 5, NOBODY), (0x10, mask, NOBODY), (0x20, 0, NOBODY)];
    let mut bytes = 2_u32.to_le_bytes().to_vec();
    for (tag, permissions, id) in entries {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(permissions.to_le_bytes());
        bytes.extend(id.to_le_bytes());
    }
    bytes
}

fn inherited(bench: &Bench<'_>) -> Outcome {
    let sub = bench.root.sub("d")?;
    sub.set_xattr(OsStr::new(DEFAULT), &acl(7, 7), XattrHow::Set)?;
    let wide = CreateHow { mode: Mode::new(0o666), ..how(Access::ReadWrite, true) };
    let opened = sub.create(name("f"), wide, &owner_with(0o077))?;
    same(opened.attr.mode.bits(), 0o660)?;
    same(opened.handle.xattr(OsStr::new(ACCESS))?, acl(6, 6))?;
    let attr = sub.make_dir(name("s"), Mode::new(0o777), &owner_with(0o077))?;
    same(attr.mode.bits(), 0o770)?;
    same(sub.enter("s")?.xattr(OsStr::new(DEFAULT))?, acl(7, 7))
}

fn mode_and_mask(bench: &Bench<'_>) -> Outcome {
    let file = bench.root.make("f")?;
    file.set_xattr(OsStr::new(ACCESS), &acl(7, 6), XattrHow::Set)?;
    same(file.attr()?.mode.bits(), 0o760)?;
    same(bench.root.attr_of("f")?.mode.bits(), 0o760)?;
    let set = SetAttr { mode: Some(Mode::new(0o740)), ..SetAttr::default() };
    same(file.set_attr(&set)?.mode.bits(), 0o740)?;
    same(file.xattr(OsStr::new(ACCESS))?, acl(7, 4))?;
    file.remove_xattr(OsStr::new(ACCESS))?;
    fails(file.xattr(OsStr::new(ACCESS)), Errno::NODATA)
}

fn directories_only(bench: &Bench<'_>) -> Outcome {
    let file = bench.root.make("f")?;
    let refused = file.set_xattr(OsStr::new(DEFAULT), &acl(7, 7), XattrHow::Set);
    ensure(refused.is_err(), "a file took a default ACL")?;
    same(file.attr()?.kind, FileKind::Regular)
}
