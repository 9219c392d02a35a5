use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use cachefs_vfs::{Result, XattrHow};

use super::Tree;
use crate::inodes::NodeId;

impl Tree {
    pub(crate) fn xattr(&self, node: NodeId, key: &OsStr) -> Result<Vec<u8>> {
        self.inode(node)?.node().xattr(key)
    }

    /// The names of all xattrs, each followed by a NUL; those of the administrator only if he asks.
    pub(crate) fn xattrs(&self, node: NodeId, trusted: bool) -> Result<Vec<u8>> {
        let keys: Vec<OsString> = self.inode(node)?.node().xattrs()?;
        let mut joined = Vec::new();
        for key in keys.iter().filter(|key| trusted || !key.as_bytes().starts_with(b"trusted.")) {
            joined.extend_from_slice(key.as_bytes());
            joined.push(0);
        }
        Ok(joined)
    }

    pub(crate) fn set_xattr(&self, node: NodeId, key: &OsStr, value: &[u8], how: XattrHow) -> Result<()> {
        self.inode(node)?.node().set_xattr(key, value, how)
    }

    pub(crate) fn remove_xattr(&self, node: NodeId, key: &OsStr) -> Result<()> {
        self.inode(node)?.node().remove_xattr(key)
    }
}
