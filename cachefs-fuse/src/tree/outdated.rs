use cachefs_vfs::Attr;
use crossbeam_channel::{Receiver, Sender, bounded};

use super::Tree;
use crate::inodes::NodeId;

/// What is not told here is told by the kernel's own comparison of sizes and times, or at the next open.
const WAITING_MAX: usize = 1024;

/// Nodes of which the kernel may hold pages of a version that is no more.
#[derive(Clone, Debug)]
pub(crate) struct Outdated {
    tell: Sender<NodeId>,
    told: Receiver<NodeId>,
}

impl Default for Outdated {
    fn default() -> Self {
        let (tell, told) = bounded(WAITING_MAX);
        Self { tell, told }
    }
}

impl Outdated {
    /// The nodes, each once.
    pub(crate) fn nodes(&self) -> &Receiver<NodeId> {
        &self.told
    }
}

impl Tree {
    /// Notes that the kernel sees these attributes. Pages that it keeps of another version it drops by itself only if
    /// size or mtime differ.
    pub(super) fn show(&self, node: NodeId, attr: &Attr) {
        if self.inodes.shown(node, self.version_hash(attr)) && self.outdated.tell.try_send(node).is_err() {
            tracing::debug!(node = node.0, "too many files changed at once to tell the kernel of each");
        }
    }
}
