use std::sync::Arc;

use cachefs_vfs::FileId;

use super::Tree;
use crate::inodes::NodeId;

/// An open that is counted from its receipt on: whoever takes the file's last name away from now on keeps its handle.
/// It is taken back unless it is answered.
#[derive(Debug)]
pub(crate) struct Opening {
    tree: Arc<Tree>,
    node: NodeId,
    id: Option<FileId>,
    answered: bool,
}

impl Opening {
    pub(crate) fn begin(tree: &Arc<Tree>, node: NodeId) -> Self {
        tree.opened(node);
        Self { tree: Arc::clone(tree), node, id: tree.inodes.identity(node), answered: false }
    }

    /// The file the kernel means: by the time the request runs, its number may be another's.
    pub(crate) fn id(&self) -> Option<FileId> {
        self.id
    }

    /// The kernel gets the answer; of which file.
    pub(crate) fn answered(mut self) -> NodeId {
        self.answered = true;
        self.node
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        if !self.answered {
            drop(self.tree.release(self.node));
        }
    }
}
