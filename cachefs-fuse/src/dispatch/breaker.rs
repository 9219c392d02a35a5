use std::sync::atomic::{AtomicUsize, Ordering};

use hashbrown::HashMap;
use parking_lot::Mutex;

use crate::inodes::NodeId;

/// So many overdue calls on one node are enough to know that the next will hang, too.
const OVERDUE_MAX: u32 = 4;

/// Keeps calls away from nodes on which others hang, so that these do not eat up all threads.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    /// Only nodes with overdue calls: bounded by the threads there are.
    overdue: Mutex<HashMap<NodeId, u32>>,
    /// How many these are, for those who would lock only to find none.
    nodes: AtomicUsize,
}

impl Breaker {
    pub(super) fn is_open(&self, node: NodeId) -> bool {
        self.nodes.load(Ordering::Acquire) > 0
            && self.overdue.lock().get(&node).is_some_and(|&count| count >= OVERDUE_MAX)
    }

    pub(super) fn overdue(&self, node: NodeId) {
        let mut overdue = self.overdue.lock();
        *overdue.entry(node).or_default() += 1;
        self.nodes.store(overdue.len(), Ordering::Release);
    }

    pub(super) fn returned(&self, node: NodeId) {
        let mut overdue = self.overdue.lock();
        if let Some(count) = overdue.get_mut(&node) {
            *count -= 1;
            if *count == 0 {
                overdue.remove(&node);
            }
        }
        self.nodes.store(overdue.len(), Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_at_four_and_closes_when_one_returns() {
        let breaker = Breaker::default();
        let node = NodeId(9);
        for _ in 0..OVERDUE_MAX {
            assert!(!breaker.is_open(node));
            breaker.overdue(node);
        }
        assert!(breaker.is_open(node));
        assert!(!breaker.is_open(NodeId(10)));
        breaker.returned(node);
        assert!(!breaker.is_open(node));
    }
}
