//! What is done where a node leaves the table, or a file is no more.

use crate::engine::Engine;
use crate::handle::Slots;
use crate::meta::{Node, Stamp};
use crate::stats::MissReason;
use crate::sync::Arc;

impl Engine {
    /// A node that left the table: closes its handles and gives its memory back.
    pub(crate) fn lay_off(&self, node: &Node) {
        drop(self.lay_open(node));
    }

    /// As [`Self::lay_off`]; answers the handles, to be closed without any lock.
    fn lay_open(&self, node: &Node) -> Option<Slots> {
        self.handles.forget(node.id);
        let closing = node.io_if_any().and_then(|io| io.close());
        self.reset(node, MissReason::Evicted);
        closing
    }

    /// The file is gone for good: its last name and the last handle of ours. Answers the backing's handles, to be
    /// closed without any lock.
    pub(crate) fn bury(&self, node: &Arc<Node>) -> Option<Slots> {
        if node.io_if_any().is_some_and(|io| io.is_held()) {
            return None;
        }
        self.unpin(node.id);
        let closing = self.lay_open(node);
        self.nodes.remove(node);
        closing
    }

    /// A name of the inode is gone.
    pub(crate) fn lost_name(&self, node: &Arc<Node>, stamp: Stamp) {
        let is_pinned = self.pins.has(node.id);
        let last = {
            let mut state = node.state.lock();
            state.touch_ctime(stamp);
            match state.attr_known() {
                Some(attr) => attr.links <= 1 || attr.kind.is_dir(),
                // It may have other names: what is pinned is not let go of for that.
                None => !is_pinned,
            }
        };
        if let Some(io) = node.io_if_any().filter(|io| io.is_held()) {
            io.keep();
            if last {
                io.set_nameless();
            }
        }
        if last {
            drop(self.bury(node));
        }
    }
}
