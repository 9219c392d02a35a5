use std::hash::BuildHasher;
use std::sync::Weak;

use cachefs_vfs::FileId;
use hashbrown::DefaultHashBuilder;

use crate::meta::{LruMap, Node};
use crate::sync::{Arc, Mutex};

/// Which inodes have handles of the backing open, in the order of use. Bounded: the least recently used one that is
/// not pinned closes its handles.
#[derive(Debug)]
pub(crate) struct Handles {
    open: Mutex<LruMap<FileId, Weak<Node>>>,
    max: usize,
    hasher: DefaultHashBuilder,
}

/// How many pinned inodes are passed over at most before the limit gives way.
const TRIES: usize = 32;

impl Handles {
    pub(crate) fn new(max: usize) -> Self {
        Self { open: Mutex::default(), max: max.max(1), hasher: DefaultHashBuilder::default() }
    }

    /// Notes a use of the inode's handles. Closes others where it is one more. Not to be called with a lock held.
    pub(crate) fn touch(&self, node: &Arc<Node>) {
        let hash = self.hasher.hash_one(node.id);
        let closing = {
            let mut open = self.open.lock();
            if let Some(known) = open.get(hash, |id| *id == node.id) {
                if !std::ptr::eq(known.as_ptr(), Arc::as_ptr(node)) {
                    *known = Arc::downgrade(node);
                }
                return;
            }
            let closing = self.make_room(&mut open);
            open.insert(hash, node.id, Arc::downgrade(node));
            closing
        };
        for node in closing {
            drop(node.io_if_any().and_then(|io| io.close()));
        }
    }

    /// Notes that the inode has no handles any more.
    pub(crate) fn forget(&self, id: FileId) {
        self.open.lock().remove(self.hasher.hash_one(id), |key| *key == id);
    }

    /// Inodes with handles open.
    pub(crate) fn len(&self) -> usize {
        self.open.lock().len()
    }

    fn make_room(&self, open: &mut LruMap<FileId, Weak<Node>>) -> Vec<Arc<Node>> {
        let mut closing = Vec::new();
        let pinned = |node: &Weak<Node>| {
            node.upgrade().is_some_and(|node| node.io_if_any().is_some_and(|io| io.is_pinned()))
        };
        while open.len() >= self.max {
            let Some((_, node)) = open.evict(TRIES, |_, node| !pinned(node)) else { break };
            closing.extend(node.upgrade());
        }
        closing
    }
}
