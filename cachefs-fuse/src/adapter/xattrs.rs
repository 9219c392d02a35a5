//! Extended attributes.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use cachefs_vfs::{Errno, Error, Result, SetAttr, XattrHow};
use rustix::fs::XattrFlags;

use super::caller::Caller;
use crate::inodes::NodeId;
use crate::tree::{Errand, Tree};

const ACCESS_ACL: &str = "system.posix_acl_access";

/// Sets an xattr. An ACL is also a mode, and may cost the file its set-group-id bit.
pub(super) fn set(
    tree: &Tree,
    node: NodeId,
    key: &OsStr,
    value: &[u8],
    flags: i32,
    caller: Caller,
) -> Result<()> {
    let how = match XattrFlags::from_bits_retain(flags.cast_unsigned()) {
        f if f.is_empty() => XattrHow::Set,
        f if f == XattrFlags::CREATE => XattrHow::Create,
        f if f == XattrFlags::REPLACE => XattrHow::Replace,
        _ => return Err(Error::new(Errno::INVAL)),
    };
    tree.walked(caller.thread(), Errand::Change, || tree.set_xattr(node, key, value, how))?;
    if key == ACCESS_ACL
        && let Some(mode) = caller.after_acl(tree, node)?
    {
        tree.set_attr(node, None, &SetAttr { mode: Some(mode), ..SetAttr::default() }, caller.privileges())?;
    }
    Ok(())
}

/// Whether an xattr can be asked for at all; `ENOSYS` tells the kernel never to ask again.
pub(super) fn refusal(tree: &Tree, key: &OsStr) -> Option<Errno> {
    let caps = tree.caps();
    if !caps.xattrs {
        return Some(Errno::NOSYS);
    }
    (!caps.acls && key.as_bytes().starts_with(b"system.posix_acl_")).then_some(Errno::OPNOTSUPP)
}
