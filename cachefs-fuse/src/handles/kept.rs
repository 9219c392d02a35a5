use std::num::NonZeroUsize;

use hashbrown::HashMap;
use lru::LruCache;

use crate::inodes::NodeId;

/// Handles of one kind, by node: those that are closed when others are needed, and those that must stay.
#[derive(Debug)]
pub(super) struct Kept<T> {
    pub(super) spare: LruCache<NodeId, T>,
    pub(super) pins: HashMap<NodeId, T>,
}

impl<T: Clone> Kept<T> {
    /// At most `most` handles that are not pinned.
    pub(super) fn new(most: usize) -> Self {
        let most = NonZeroUsize::new(most).unwrap_or(NonZeroUsize::MIN);
        Self { spare: LruCache::new(most), pins: HashMap::new() }
    }

    pub(super) fn get(&mut self, node: NodeId) -> Option<T> {
        self.pins.get(&node).or_else(|| self.spare.get(&node)).cloned()
    }

    /// As [`Kept::get`], which does not count as a use.
    pub(super) fn peek_mut(&mut self, node: NodeId) -> Option<&mut T> {
        match self.pins.get_mut(&node) {
            Some(pinned) => Some(pinned),
            None => self.spare.peek_mut(&node),
        }
    }

    /// Puts in one that is not pinned; what had to go for it, of this node or another one.
    pub(super) fn put(&mut self, node: NodeId, handle: T) -> Option<(NodeId, T)> {
        self.spare.push(node, handle)
    }

    pub(super) fn remove(&mut self, node: NodeId) -> [Option<T>; 2] {
        [self.pins.remove(&node), self.spare.pop(&node)]
    }

    /// How many may be closed, and how many are pinned.
    pub(super) fn len(&self) -> (usize, usize) {
        (self.spare.len(), self.pins.len())
    }
}
