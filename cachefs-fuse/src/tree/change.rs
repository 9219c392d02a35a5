use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use parking_lot::Mutex;

use super::Tree;
use crate::inodes::NodeId;
use crate::notify::{Key, Work};

/// What a request through the mount changes, for when nobody waits for its result any more.
#[derive(Debug, Default)]
pub(crate) struct Change {
    names: Vec<(NodeId, Box<[u8]>)>,
    /// A file of which bytes and attributes change.
    file: Option<NodeId>,
    /// Files behind the names, of which attributes changed; known once the names were looked at.
    behind: Mutex<Vec<NodeId>>,
}

impl Change {
    /// Of a file or directory itself.
    pub(crate) fn of(node: NodeId) -> Self {
        Self { file: Some(node), ..Self::default() }
    }

    /// Of a name.
    pub(crate) fn of_name(dir: NodeId, name: &OsStr) -> Self {
        Self::default().and_name(dir, name)
    }

    /// And of a name.
    pub(crate) fn and_name(mut self, dir: NodeId, name: &OsStr) -> Self {
        self.names.push((dir, name.as_bytes().into()));
        self
    }

    /// These files were behind the names.
    pub(crate) fn found(&self, behind: impl IntoIterator<Item = NodeId>) {
        self.behind.lock().extend(behind);
    }
}

impl Tree {
    /// A change was made, or was not, after the kernel had been told that it failed: nothing of what it named is
    /// believed any more. Nobody else tells the kernel, since no change of ours counts as one by others.
    pub(crate) fn doubt(&self, change: &Change) {
        for (dir, name) in &change.names {
            self.belief.epochs().raise_name(*dir, name);
            self.belief.epochs().raise_node(*dir);
            self.tell(Key::Inode(*dir), Work::attr());
            self.tell(Key::Dir(*dir), Work::name(name, None));
        }
        let behind = std::mem::take(&mut *change.behind.lock());
        let file = change.file.map(|file| (file, Work::data()));
        for (node, work) in behind.into_iter().map(|node| (node, Work::attr())).chain(file) {
            self.belief.epochs().raise_node(node);
            self.tell(Key::Inode(node), work);
        }
    }
}
