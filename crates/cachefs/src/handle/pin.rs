use crate::meta::Node;
use crate::sync::{Arc, Ordering};

/// While it exists, the backing's handles of an inode are not closed for others' sake.
#[derive(Debug)]
pub(crate) struct Pin(Arc<Node>);

impl Pin {
    pub(crate) fn new(node: &Arc<Node>) -> Self {
        node.io().pins().fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(node))
    }

    pub(crate) fn node(&self) -> &Arc<Node> {
        &self.0
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        self.0.io().pins().fetch_sub(1, Ordering::SeqCst);
    }
}
