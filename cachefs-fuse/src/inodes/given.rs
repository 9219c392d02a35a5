//! What the kernel may have of a file. A notice of what it does not have tells it nothing, and has it throw away the
//! answer to a question that it asked meanwhile: it would go on with the length that it knew before.

use super::{Inodes, NodeId};

impl Inodes {
    /// The kernel is about to be answered attributes that it may believe for a time. To be noted before the last look at
    /// whether they have changed.
    pub(crate) fn give_attr(&self, node: NodeId) {
        if let Some(found) = self.shard(node).nodes.get_mut(node.0) {
            found.believed = true;
        }
    }

    /// The kernel asks for bytes, or sends some, and has pages locked for them.
    pub(crate) fn give_bytes(&self, node: NodeId) {
        if let Some(found) = self.shard(node).nodes.get_mut(node.0) {
            found.paged = true;
        }
    }

    /// Whether the kernel may believe attributes. It is about to be told not to.
    pub(crate) fn take_attr(&self, node: NodeId) -> bool {
        let mut shard = self.shard(node);
        let found = shard.nodes.get_mut(node.0).filter(|found| found.kind.is_regular());
        found.is_none_or(|found| std::mem::replace(&mut found.believed, false))
    }

    /// Whether the kernel may have pages. It is about to be told to drop them.
    pub(crate) fn take_bytes(&self, node: NodeId) -> bool {
        let mut shard = self.shard(node);
        let found = shard.nodes.get_mut(node.0).filter(|found| found.kind.is_regular());
        found.is_none_or(|found| std::mem::replace(&mut found.paged, false))
    }
}
