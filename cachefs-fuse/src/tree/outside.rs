//! Changes that the kernel does not make itself.

use std::sync::Arc;

use cachefs_vfs::{Attr, VNode, Watch, WatchMethod};

use super::Tree;
use crate::inodes::{ANY_PAGES, NodeId};
use crate::notify::{Key, Work};

impl Tree {
    /// Changes by others are told of from now on. To be called before the first request.
    pub(crate) fn begin_watch(&self, watch: &Arc<dyn Watch>) {
        if watch.method() != WatchMethod::Filesystem {
            self.inodes.index_names();
        }
        self.belief.begin_watch(watch);
        self.cover(&*self.root);
    }

    /// Makes sure that changes of a directory, or in it, are told of, where they can be. Where they are not, what is
    /// known of it is believed for a short time only.
    pub(super) fn cover(&self, dir: &dyn VNode) {
        let Some(watch) = self.belief.watch().filter(|_| !self.belief.is_lost()) else { return };
        if let Err(error) = dir.watch(&*watch) {
            tracing::debug!(%error, "a directory is not watched");
        }
    }

    /// Notes that the kernel sees these attributes. Pages that it keeps of another version it drops by itself only if
    /// size or mtime differ.
    pub(super) fn show(&self, node: NodeId, attr: &Attr) {
        self.look_for_growth(node, attr);
        let version = self.version_hash(attr);
        if self.belief.is_told() {
            let holds = self.belief.holds(attr.id);
            if self.inodes.shown_while_told(node, version.max(ANY_PAGES), holds) {
                self.tell(Key::Inode(node), Work::data());
            }
            return;
        }
        if !self.inodes.shown(node, version) || self.belief.holds(attr.id) {
            return;
        }
        if !self.outbox.push(Key::Inode(node), Work::data()) {
            tracing::debug!(node = node.0, "too many files changed at once to tell the kernel of each");
        }
    }

    /// Bytes were written at another place than the kernel believes.
    pub(super) fn appended(&self, node: NodeId) {
        if self.belief.is_told() {
            self.tell(Key::Inode(node), Work::data());
        }
    }

    /// The kernel was answered with a part of a listing, which it keeps. Where nobody would tell of a change it is made
    /// to drop it again.
    pub(crate) fn listed(&self, dir: NodeId) {
        let kept = self.belief.keeps_listings();
        if kept && !self.inodes.identity(dir).is_some_and(|id| self.belief.holds_names(id)) {
            self.tell(Key::Dir(dir), Work::listing());
        }
    }

    /// Somebody else took a name away. Who has the file open goes on using it.
    pub(crate) fn lost_name(&self, node: NodeId, dir: NodeId, name: &[u8]) {
        self.inodes.remove_link(node, dir, name);
        if self.is_open(node) && self.inodes.links(node).is_empty() {
            self.handles.pin_open(node);
        }
    }

    /// Adds to what the kernel is to be told; if there is no room for it, everything has to be taken back.
    pub(super) fn tell(&self, key: Key, work: Work) {
        if !self.outbox.push(key, work) {
            self.outbox.sweep();
        }
    }
}
