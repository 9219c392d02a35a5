//! Where files ended when the kernel took their last page, and whether others changed them since: what is longer then
//! has grown in place.

use super::{Inodes, NodeId};

/// The end of a file that the kernel may have the last page of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tail {
    /// The length of the file as far as it was read or written through the mount.
    end: u64,
    /// Others changed its bytes since.
    touched: bool,
}

impl Inodes {
    /// The kernel was given the last bytes of a file, or sends some: it is so long at least.
    pub(crate) fn reach(&self, node: NodeId, end: u64) {
        let mut shard = self.shard(node);
        if shard.nodes.contains(node.0) {
            let tail = shard.tails.entry(node.0).or_default();
            tail.end = tail.end.max(end);
        }
    }

    /// The same where it is known how long the file was.
    pub(crate) fn reach_further(&self, node: NodeId, end: u64) {
        if let Some(tail) = self.shard(node).tails.get_mut(&node.0) {
            tail.end = tail.end.max(end);
        }
    }

    /// Its length was set through the mount.
    pub(crate) fn cut(&self, node: NodeId, end: u64) {
        let mut shard = self.shard(node);
        if shard.nodes.contains(node.0) {
            shard.tails.entry(node.0).or_default().end = end;
        }
    }

    /// Others changed its bytes.
    pub(crate) fn touch_tail(&self, node: NodeId) {
        if let Some(tail) = self.shard(node).tails.get_mut(&node.0) {
            tail.touched = true;
        }
    }

    /// It was found to be so long: whether others made it longer.
    pub(crate) fn has_grown(&self, node: NodeId, length: u64) -> bool {
        let mut shard = self.shard(node);
        let Some(tail) = shard.tails.get_mut(&node.0).filter(|tail| tail.touched) else { return false };
        let before = std::mem::replace(&mut tail.end, length);
        // Of what was empty the kernel has no page.
        before > 0 && length > before
    }
}
