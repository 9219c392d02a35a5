use cachefs_vfs::Access;

use crate::engine::Engine;
use crate::meta::Node;
use crate::sync::{Arc, Ordering};

/// An inode that a handle of ours stands for. While there is one, the node is not evicted, and if its last name goes,
/// it stays usable.
#[derive(Debug)]
pub(crate) struct Held {
    engine: Arc<Engine>,
    pub(crate) node: Arc<Node>,
    access: Access,
}

impl Held {
    pub(crate) fn new(engine: &Arc<Engine>, node: &Arc<Node>, access: Access) -> Self {
        node.io().count(access).fetch_add(1, Ordering::SeqCst);
        engine.held.fetch_add(1, Ordering::SeqCst);
        Self { engine: Arc::clone(engine), node: Arc::clone(node), access }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let io = self.node.io();
        io.count(self.access).fetch_sub(1, Ordering::SeqCst);
        self.engine.held.fetch_sub(1, Ordering::SeqCst);
        if io.wanted().is_some() || !io.is_pinned() {
            return;
        }
        io.unpin();
        if io.is_nameless() {
            self.engine.bury(&self.node);
        }
    }
}
