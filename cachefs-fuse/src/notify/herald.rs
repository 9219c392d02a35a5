use std::sync::Arc;

use cachefs_vfs::{FileId, Name, Notice, Subject, Touch, Watcher};

use super::outbox::Key;
use super::work::Work;
use crate::inodes::NodeId;
use crate::tree::Tree;

/// Takes in what the filesystem tells of changes by others: nobody may remember older answers, and the kernel is told.
/// Never waits.
#[derive(Debug)]
pub(crate) struct Herald {
    tree: Arc<Tree>,
}

impl Watcher for Herald {
    fn notice(&self, notice: &Notice<'_>) {
        match notice {
            Notice::Inode { touch: Touch::Opened, .. } => {}
            Notice::Inode { whose, touch } => self.touched(*whose, *touch),
            Notice::Made { dir, name, child } => self.made(*dir, *name, *child),
            Notice::Removed { dir, name, child } => self.removed(*dir, *name, *child),
            Notice::Moved { from, to, child } => self.moved(*from, *to, *child),
            Notice::Overflow => self.overflow(),
            Notice::Lost(error) => {
                tracing::warn!(%error, "changes by others are no longer told of; the kernel asks each time");
                self.tree.belief().lose_watch();
                self.tree.outbox().counts().lost();
                self.overflow();
            }
        }
    }
}

impl Herald {
    pub(crate) fn new(tree: &Arc<Tree>) -> Self {
        Self { tree: Arc::clone(tree) }
    }

    fn node(&self, id: FileId) -> NodeId {
        let inodes = self.tree.inodes();
        // Also for an answer under way that may get another number, which no table knows yet.
        self.tree.belief().epochs().raise_node(inodes.numbering().of(id));
        inodes.number(id)
    }

    fn touched(&self, whose: Subject<'_>, touch: Touch) {
        let node = match (whose.id, whose.at) {
            (Some(id), _) => Some(self.node(id)),
            (None, Some((dir, name))) => {
                let dir = self.node(dir);
                // Who asks for the name now may get an answer from before the change, and we cannot tell whose.
                self.tree.belief().epochs().raise_name(dir, name.as_bytes());
                self.tree.inodes().named(dir, name.as_bytes())
            }
            (None, None) => return self.overflow(),
        };
        if let Some(node) = node.filter(|_| touch == Touch::Data) {
            self.tree.belief().flux().note(node);
            self.tree.changed_there(node);
        }
        match (node, touch) {
            (Some(node), Touch::Attr | Touch::Opened) => self.inode(node, Work::attr),
            (Some(node), Touch::Data | Touch::Gone) => self.inode(node, Work::data),
            (None, _) => {}
        }
    }

    fn made(&self, dir: FileId, name: Name<'_>, child: Option<FileId>) {
        let (dir, name) = (self.node(dir), name.as_bytes());
        let child = child.map(|id| self.node(id));
        self.name(dir, name, changed(name, child));
        self.arrived(dir, name, child);
        if let Some(child) = child {
            self.tree.inodes().found_link(child, dir, name);
            self.inode(child, Work::attr);
        }
    }

    fn removed(&self, dir: FileId, name: Name<'_>, child: Option<FileId>) {
        let (dir, name) = (self.node(dir), name.as_bytes());
        self.tree.belief().epochs().raise_name(dir, name);
        let known = self.leave(dir, name, None);
        let told = child.map(|id| self.node(id));
        let child = told.or(known);
        if let Some(child) = child {
            self.tree.lost_name(child, dir, name);
            self.inode(child, Work::attr);
        }
        let is_file = |node| self.tree.inodes().state(node).is_some_and(|state| !state.kind.is_dir());
        let work = match child.filter(|&node| told.is_some() || is_file(node)) {
            Some(child) => Work::name(name, Some(child)),
            None => Work::name_by_anybody(name),
        };
        self.name(dir, name, work);
    }

    fn moved(&self, from: (FileId, Name<'_>), to: (FileId, Name<'_>), child: Option<FileId>) {
        let from = (self.node(from.0), from.1.as_bytes());
        let to = (self.node(to.0), to.1.as_bytes());
        let inodes = self.tree.inodes();
        let told = child.map(|id| self.node(id));
        let child = told.or_else(|| inodes.named(from.0, from.1));
        self.name(from.0, from.1, changed(from.1, told));
        self.name(to.0, to.1, changed(to.1, told));
        self.arrived(to.0, to.1, child);
        if let Some(child) = child {
            inodes.move_link(child, from, to);
            self.inode(child, Work::attr);
        }
    }

    /// A file has come under a name, `now` if that is known. If not, it may be the very one that has the name, by our own
    /// doing, of which the notice comes late; otherwise a walk will find out.
    fn arrived(&self, dir: NodeId, name: &[u8], now: Option<NodeId>) {
        match (now, self.tree.inodes().named(dir, name)) {
            (Some(_), _) => _ = self.leave(dir, name, now),
            (None, Some(known)) => self.inode(known, Work::data),
            (None, None) => {}
        }
    }

    /// What stood under a name, unless it is `now`, stands there no more.
    fn leave(&self, dir: NodeId, name: &[u8], now: Option<NodeId>) -> Option<NodeId> {
        let known = self.tree.inodes().named(dir, name).filter(|&node| Some(node) != now)?;
        self.tree.lost_name(known, dir, name);
        self.inode(known, Work::data);
        Some(known)
    }

    /// The kernel knows nothing of a directory that the table does not have, and whoever is about to show it that one
    /// sees that it changed.
    fn name(&self, dir: NodeId, name: &[u8], work: Work) {
        self.tree.belief().epochs().raise_name(dir, name);
        self.tree.belief().epochs().raise_node(dir);
        self.tree.belief().flux().note(dir);
        if !self.tree.inodes().contains(dir) {
            return;
        }
        let key = Key::Dir(dir);
        // Whoever is at it may have to wait; the attributes need not. And an answer about the directory itself that is
        // on its way comes through the one above, which nobody waits for otherwise.
        if self.tree.outbox().is_busy(key) || self.tree.inodes().unsettled(dir) != 0 {
            self.push(Key::Inode(dir), Work::attr());
        }
        self.push(key, work);
    }

    fn inode(&self, node: NodeId, work: impl FnOnce() -> Work) {
        self.tree.belief().epochs().raise_node(node);
        if self.tree.inodes().contains(node) {
            self.push(Key::Inode(node), work());
        }
    }

    fn push(&self, key: Key, work: Work) {
        if !self.tree.outbox().push(key, work.told()) {
            self.tree.outbox().sweep();
        }
    }

    fn overflow(&self) {
        self.tree.belief().epochs().raise_all();
        self.tree.outbox().sweep();
    }
}

/// A name stands for something else now. Where the system does not say for what, it does not say who did it either: what
/// we made ourselves may be somebody's working directory, and must not lose its name by a late notice.
fn changed(name: &[u8], child: Option<NodeId>) -> Work {
    if child.is_some() { Work::name(name, None) } else { Work::name_by_anybody(name) }
}
