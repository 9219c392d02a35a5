use std::sync::Arc;

use super::Tree;
use crate::inodes::NodeId;

/// An open that is counted and not yet answered; it is taken back unless it is.
#[derive(Debug)]
pub(crate) struct Opening {
    tree: Arc<Tree>,
    node: NodeId,
    keep: bool,
    answered: bool,
}

impl Opening {
    pub(super) fn begin(tree: Arc<Tree>, node: NodeId) -> Self {
        tree.opened(node);
        Self { tree, node, keep: false, answered: false }
    }

    pub(super) fn with(mut self, keep: bool) -> Self {
        self.keep = keep;
        self
    }

    /// The kernel gets the answer. Whether it may keep the pages it has: they are of this very version.
    pub(crate) fn answered(mut self) -> bool {
        self.answered = true;
        self.keep
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        if !self.answered {
            drop(self.tree.release(self.node));
        }
    }
}
