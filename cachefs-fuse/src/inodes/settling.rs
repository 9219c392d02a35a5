//! Whether an answer about a node may still be on its way to the kernel, and by which way.

use super::{Inodes, NodeId};

impl Inodes {
    /// How often the node was met since it was settled; 0: no answer about it can be on its way to the kernel.
    pub(crate) fn unsettled(&self, node: NodeId) -> u32 {
        self.shard(node).nodes.get(node.0).map_or(0, |found| found.unsettled)
    }

    /// The directories that the answers come through: those it is in, and those it was in meanwhile.
    pub(crate) fn ways(&self, node: NodeId) -> Vec<NodeId> {
        self.shard(node).ways(node)
    }

    /// The answers that [`Inodes::unsettled`] told of have arrived as far as they came through `dir`; others may be on
    /// their way since. Once that was the only way, the node is settled.
    pub(crate) fn settle(&self, node: NodeId, dir: NodeId, seen: u32) {
        self.shard(node).settle(node, dir, seen);
    }
}
