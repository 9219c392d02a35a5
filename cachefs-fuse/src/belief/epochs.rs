use std::sync::atomic::{AtomicU64, Ordering};

use crate::inodes::NodeId;

/// Slots, each for all nodes and names of one hash: a collision costs an answer its right to be remembered, no more.
const SLOTS: usize = 1 << 16;

/// When nodes and names were last told to have changed. An answer that was asked for before that may be older than the
/// change, and the kernel must not remember it.
///
/// Who tells of a change raises first and looks afterwards what the kernel may know; who answers notes first what the
/// kernel will know and looks afterwards whether anything was raised. One of the two sees the other.
#[derive(Debug)]
pub(crate) struct Epochs {
    now: AtomicU64,
    /// The last moment when anything may have changed.
    all: AtomicU64,
    slots: Box<[AtomicU64]>,
}

/// A moment in the history of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stamp(u64);

impl Epochs {
    /// For a filesystem of which nobody tells changes, none are remembered.
    pub(super) fn new(told: bool) -> Self {
        let slots = if told { SLOTS } else { 1 };
        Self {
            now: AtomicU64::new(1),
            all: AtomicU64::new(0),
            slots: (0..slots).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    pub(crate) fn now(&self) -> Stamp {
        Stamp(self.now.load(Ordering::SeqCst))
    }

    pub(crate) fn raise_node(&self, node: NodeId) {
        self.raise(self.slot(node, b""));
    }

    pub(crate) fn raise_name(&self, dir: NodeId, name: &[u8]) {
        self.raise(self.slot(dir, name));
    }

    /// Anything may have changed.
    pub(crate) fn raise_all(&self) {
        self.raise(&self.all);
    }

    pub(crate) fn node_moved(&self, node: NodeId, since: Stamp) -> bool {
        self.moved(self.slot(node, b""), since)
    }

    pub(crate) fn name_moved(&self, dir: NodeId, name: &[u8], since: Stamp) -> bool {
        self.moved(self.slot(dir, name), since)
    }

    fn moved(&self, slot: &AtomicU64, since: Stamp) -> bool {
        slot.load(Ordering::SeqCst).max(self.all.load(Ordering::SeqCst)) > since.0
    }

    fn raise(&self, slot: &AtomicU64) {
        let moment = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        slot.fetch_max(moment, Ordering::SeqCst);
    }

    /// The slot of a name, or with an empty name of the node itself.
    fn slot(&self, node: NodeId, name: &[u8]) -> &AtomicU64 {
        let hash = super::hash::of(node, name);
        let index = usize::try_from(hash >> 32).unwrap_or(0) % self.slots.len();
        &self.slots[index]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_before_a_change_is_told_from_what_was_asked_after() {
        let epochs = Epochs::new(true);
        let (dir, before) = (NodeId(7), epochs.now());
        epochs.raise_name(dir, b"a");
        assert!(epochs.name_moved(dir, b"a", before));
        assert!(!epochs.name_moved(dir, b"b", before), "another name did not change");
        assert!(!epochs.node_moved(dir, before));
        let after = epochs.now();
        assert!(!epochs.name_moved(dir, b"a", after));
        epochs.raise_all();
        assert!(epochs.name_moved(dir, b"b", after) && epochs.node_moved(NodeId(8), after));
        assert!(!epochs.node_moved(NodeId(8), epochs.now()));
    }
}
