use std::ffi::OsStr;

use cachefs_vfs::{Name, Result};

use crate::meta::Node;
use crate::sync::Arc;

/// Where an inode was last met: a directory and a name in it. A hint, proved by the identity of what is found there.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) dir: Arc<Node>,
    name: Arc<OsStr>,
}

impl Place {
    pub(crate) fn new(dir: &Arc<Node>, name: Name<'_>) -> Self {
        Self { dir: Arc::clone(dir), name: Arc::from(name.as_os_str()) }
    }

    /// The name in the directory.
    pub(crate) fn name(&self) -> Result<Name<'_>> {
        Name::new(&*self.name)
    }

    /// Whether it is this name in this directory.
    pub(crate) fn is(&self, dir: &Node, name: Name<'_>) -> bool {
        self.dir.id == dir.id && *self.name == *name.as_os_str()
    }
}
