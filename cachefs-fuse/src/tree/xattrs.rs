use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use cachefs_vfs::{Errno, Error, Result, XattrHow};

use super::Tree;
use crate::OwnXattrs;
use crate::inodes::NodeId;

/// What the names of our own begin with.
const OWN: &[u8] = b"user.cachefs.";

impl Tree {
    pub(crate) fn xattr(&self, node: NodeId, key: &OsStr) -> Result<Vec<u8>> {
        if let Some((own, name)) = self.own(key) {
            let file = self.inodes.identity(node).ok_or_else(|| Error::new(Errno::STALE))?;
            return own.value(file, name).ok_or_else(|| Error::new(Errno::NODATA));
        }
        self.inode(node)?.node().xattr(key)
    }

    /// The names of all xattrs, each followed by a NUL; those of the administrator only if he asks.
    pub(crate) fn xattrs(&self, node: NodeId, trusted: bool) -> Result<Vec<u8>> {
        let keys: Vec<OsString> = self.inode(node)?.node().xattrs()?;
        let mut joined = Vec::new();
        let shown = |key: &&OsString| trusted || !key.as_bytes().starts_with(b"trusted.");
        // Copies must not carry what is true of the original only.
        for key in keys.iter().filter(shown).filter(|key| self.own(key).is_none()) {
            joined.extend_from_slice(key.as_bytes());
            joined.push(0);
        }
        Ok(joined)
    }

    pub(crate) fn set_xattr(&self, node: NodeId, key: &OsStr, value: &[u8], how: XattrHow) -> Result<()> {
        self.refuse_own(key)?;
        self.inode(node)?.node().set_xattr(key, value, how)
    }

    pub(crate) fn remove_xattr(&self, node: NodeId, key: &OsStr) -> Result<()> {
        self.refuse_own(key)?;
        self.inode(node)?.node().remove_xattr(key)
    }

    /// Who knows it, and what it is called there, if it is one of our own.
    fn own<'a>(&self, key: &'a OsStr) -> Option<(&dyn OwnXattrs, &'a str)> {
        let own = self.own_xattrs.as_deref()?;
        Some((own, std::str::from_utf8(key.as_bytes().strip_prefix(OWN)?).ok()?))
    }

    fn refuse_own(&self, key: &OsStr) -> Result<()> {
        if self.own(key).is_some() { Err(Error::new(Errno::PERM)) } else { Ok(()) }
    }
}
