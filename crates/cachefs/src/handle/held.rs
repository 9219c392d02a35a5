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
        node.io().hold(access);
        engine.held.fetch_add(1, Ordering::SeqCst);
        Self { engine: Arc::clone(engine), node: Arc::clone(node), access }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.engine.held.fetch_sub(1, Ordering::SeqCst);
        let io = self.node.io();
        let was_pinned = io.is_pinned();
        if io.let_go(self.access) {
            drop(self.engine.bury(&self.node));
        } else if !io.is_held() {
            // As the plain file would be: an open one keeps the space of what others remove, and one that is open for
            // writing cannot be executed.
            let closed = io.close_files();
            if !closed.is_empty() {
                drop(closed);
                self.engine.handles.forget_closed(&self.node);
            }
        } else {
            if self.access.writes() && !io.is_wanted(Access::Write) {
                self.engine.give_back_writer(&self.node);
            }
            if was_pinned {
                self.engine.handles.trim();
            }
        }
    }
}
