use std::sync::Arc;

use cachefs_vfs::{Attr, Errno, Error, FileKind, Privileges, Result, SetAttr, VNode};

use super::Tree;
use crate::handles::Use;
use crate::inodes::NodeId;

/// A handle on which the verbs of every inode can be called.
#[derive(Debug)]
pub(super) enum Inode {
    Dir(Arc<dyn cachefs_vfs::VDir>),
    File(Arc<dyn cachefs_vfs::VFile>),
}

impl Inode {
    pub(super) fn node(&self) -> &dyn VNode {
        match self {
            Self::Dir(dir) => &**dir,
            Self::File(file) => &**file,
        }
    }
}

impl Tree {
    /// Any handle of a node.
    pub(super) fn inode(&self, node: NodeId) -> Result<Inode> {
        let state = self.inodes.state(node).ok_or(Error::new(Errno::STALE))?;
        match state.kind {
            FileKind::Directory => self.dir(node).map(Inode::Dir),
            _ => self.file(node, Use::Path).map(Inode::File),
        }
    }

    /// Changes attributes: the length first, as its failure is the likeliest, then the others at once.
    pub(crate) fn set_attr(
        &self,
        node: NodeId,
        length: Option<u64>,
        set: &SetAttr,
        privileges: Privileges,
    ) -> Result<Attr> {
        let mut attr = None;
        if let Some(length) = length {
            attr = Some(self.set_len(node, length, privileges)?);
        }
        if !set.is_empty() {
            self.keep_if_closing(node, set)?;
            attr = Some(self.inode(node)?.node().set_attr(set)?);
            self.look_after_writer(node);
        }
        let attr = match attr {
            Some(attr) => attr,
            None => self.attr(node)?,
        };
        self.show(node, &attr);
        Ok(attr)
    }

    fn set_len(&self, node: NodeId, length: u64, privileges: Privileges) -> Result<Attr> {
        let file = self.file(node, Use::Write)?;
        self.grows_here(node, length);
        let attr = file.set_len(length, privileges)?;
        self.cut_here(node, length);
        Ok(attr)
    }

    /// Who has a file open goes on using it after a chmod that would not let us open it again.
    fn keep_if_closing(&self, node: NodeId, set: &SetAttr) -> Result<()> {
        let Some(mode) = set.mode.filter(|mode| !self.privileged && mode.bits() & 0o600 != 0o600) else {
            return Ok(());
        };
        let state = self.inodes.state(node);
        if state.is_some_and(|s| s.open && s.kind.is_regular()) {
            tracing::debug!(mode = mode.bits(), "keeping a file open that could not be opened again");
            self.pin_regular(node)?;
        }
        Ok(())
    }
}
