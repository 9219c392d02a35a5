use cachefs_vfs::{Attr, FileId, FileKind};

use super::NodeId;

/// A name of an inode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) parent: NodeId,
    pub(crate) name: Box<[u8]>,
}

impl Link {
    pub(crate) fn new(parent: NodeId, name: &[u8]) -> Self {
        Self { parent, name: name.into() }
    }

    pub(super) fn is(&self, parent: NodeId, name: &[u8]) -> bool {
        self.parent == parent && *self.name == *name
    }
}

/// What is known of an inode the kernel knows. A million of them are held: mind its size.
#[derive(Debug)]
pub(super) struct Node {
    /// Its name, or the latest of them; empty if none is known.
    pub(super) link: Link,
    pub(super) generation: u64,
    /// How many references the kernel holds.
    pub(super) lookups: u64,
    /// A hash of the version whose pages the kernel may keep when the file is opened; 0 for none.
    pub(super) kept: u64,
    /// How many open files the kernel has.
    pub(super) opens: u32,
    /// When it was last looked up, in look-ups of the whole table divided by 1024.
    pub(super) seen: u32,
    /// How often the kernel was answered about it since no answer could be on its way; 0: none can be.
    pub(super) unsettled: u32,
    pub(super) kind: FileKind,
    /// It was answered attributes that it may believe since it was last told that they changed.
    pub(super) believed: bool,
    /// It may have taken bytes into its pages since it was last made to drop them.
    pub(super) paged: bool,
}

/// No more links of one file are remembered than this; a file with more is found by those seen last.
const LINKS_MAX: usize = 64;

impl Node {
    pub(super) fn new(attr: &Attr) -> Self {
        Self {
            link: Link { parent: NodeId(0), name: Box::default() },
            generation: attr.id.generation,
            lookups: 0,
            kept: 0,
            opens: 0,
            seen: 0,
            unsettled: 0,
            kind: attr.kind,
            believed: false,
            paged: false,
        }
    }

    /// The kernel is about to get a reference.
    pub(super) fn met(&mut self, clock: u32) {
        self.lookups += 1;
        self.seen = clock;
        self.unsettled = self.unsettled.wrapping_add(1).max(1);
    }

    pub(super) fn has_link(&self) -> bool {
        !self.link.name.is_empty()
    }

    /// The directory of the primary name.
    pub(super) fn parent(&self) -> Option<NodeId> {
        self.has_link().then_some(self.link.parent)
    }

    /// Notes a name that was just seen. `more` are the names beside the primary one.
    pub(super) fn add_link(&mut self, more: &mut Vec<Link>, parent: NodeId, name: &[u8], several: bool) {
        if self.link.is(parent, name) {
            return;
        }
        if !several {
            more.clear();
            self.link = Link::new(parent, name);
            return;
        }
        more.retain(|link| !link.is(parent, name));
        let before = std::mem::replace(&mut self.link, Link::new(parent, name));
        if !before.name.is_empty() {
            if more.len() >= LINKS_MAX {
                more.remove(0);
            }
            more.push(before);
        }
    }

    /// Drops a name; another one takes its place.
    pub(super) fn remove_link(&mut self, more: &mut Vec<Link>, parent: NodeId, name: &[u8]) {
        if self.link.is(parent, name) {
            self.link = more.pop().unwrap_or_else(|| Link::new(NodeId(0), b""));
        } else {
            more.retain(|link| !link.is(parent, name));
        }
    }
}

/// A node in a walk over all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) node: NodeId,
    pub(crate) kind: FileKind,
}

/// What callers may see of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NodeState {
    pub(crate) id: FileId,
    pub(crate) kind: FileKind,
    /// Programs have it open, or may have where the kernel does not tell.
    pub(crate) open: bool,
}

/// A file that lost its last name while the kernel knew it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gone {
    /// Its last attributes.
    pub(crate) attr: Attr,
    /// Another file has taken the name.
    pub(crate) replaced: bool,
}
