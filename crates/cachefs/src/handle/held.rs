use cachefs_vfs::Access;

use crate::engine::Engine;
use crate::meta::Node;
use crate::sync::{Arc, Ordering};

/// What leads to the engine: it, or a cache that has it.
pub(crate) trait Home: Clone {
    fn engine(&self) -> &Arc<Engine>;
}

impl Home for Arc<Engine> {
    fn engine(&self) -> &Self {
        self
    }
}

/// An inode that a handle of ours stands for. While there is one, the node is not evicted, and if its last name goes,
/// it stays usable.
#[derive(Debug)]
pub(crate) struct Held<H: Home = Arc<Engine>> {
    home: H,
    pub(crate) node: Arc<Node>,
    access: Access,
}

impl<H: Home> Held<H> {
    pub(crate) fn new(home: &H, node: &Arc<Node>, access: Access) -> Self {
        Self::of(home, Arc::clone(node), access)
    }

    pub(crate) fn of(home: &H, node: Arc<Node>, access: Access) -> Self {
        node.io().hold(access);
        home.engine().held.fetch_add(1, Ordering::SeqCst);
        Self { home: home.clone(), node, access }
    }

    pub(crate) fn home(&self) -> &H {
        &self.home
    }
}

impl<H: Home> Drop for Held<H> {
    fn drop(&mut self) {
        let (engine, io) = (self.home.engine(), self.node.io());
        engine.held.fetch_sub(1, Ordering::SeqCst);
        let was_pinned = io.is_pinned();
        if io.let_go(self.access) {
            drop(engine.bury(&self.node));
        } else if !io.is_held() {
            // As the plain file would be: an open one keeps the space of what others remove, and one that is open for
            // writing cannot be executed.
            let closed = io.close_files();
            if !closed.is_empty() {
                drop(closed);
                engine.handles.forget_closed(&self.node);
            }
        } else {
            if self.access.writes() && !io.is_wanted(Access::Write) {
                engine.give_back_writer(&self.node);
            }
            if was_pinned {
                engine.handles.trim();
            }
        }
    }
}
