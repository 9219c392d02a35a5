use std::sync::Arc;

use crate::inodes::NodeId;
use crate::requests::Op;
use crate::tree::Change;

/// What a request is about.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(super) op: Op,
    pub(super) node: NodeId,
    /// What it changes. Nothing: it can be tried, and run again.
    pub(super) change: Option<Arc<Change>>,
    /// It may take long although nothing is wrong.
    pub(super) patient: bool,
}

impl Call {
    /// A request that changes nothing.
    pub(crate) fn reading(op: Op, node: u64) -> Self {
        Self { op, node: NodeId(node), change: None, patient: false }
    }

    /// A request that changes nothing to be seen, but may take as long as there is to write.
    pub(crate) fn waiting(op: Op, node: u64) -> Self {
        Self { patient: true, ..Self::reading(op, node) }
    }

    /// A request that changes a file, and so always asks the filesystem.
    pub(crate) fn changing(op: Op, node: u64) -> Self {
        Self::naming(op, node, Change::of(NodeId(node)))
    }

    /// The same for names in a directory.
    pub(crate) fn naming(op: Op, dir: u64, change: impl Into<Arc<Change>>) -> Self {
        Self { change: Some(change.into()), ..Self::reading(op, dir) }
    }

    /// A request that changes a file and takes as long as there is to write.
    pub(crate) fn syncing(op: Op, node: u64) -> Self {
        Self { patient: true, ..Self::changing(op, node) }
    }
}
