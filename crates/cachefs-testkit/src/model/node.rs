use std::collections::BTreeMap;
use std::sync::Arc;

use cachefs_vfs::{Access, FileId, FileKind, Mode, Time};

/// A place in the model's list of nodes, never used twice.
pub(super) type NodeId = usize;

/// What is in a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Body {
    File(Arc<Vec<u8>>),
    Dir(BTreeMap<&'static str, NodeId>),
    Symlink(&'static str),
    Fifo,
}

/// A file, directory or symlink, with or without a name.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) body: Body,
    pub(super) mode: Mode,
    /// Whether the set-id bits of `mode` are surely those of the file: with [`cachefs_vfs::Privileges::Keep`] it
    /// depends on the process whether a write leaves them.
    pub(super) set_id_known: bool,
    /// Names; of a directory 1 while it has its name, else 0.
    pub(super) links: u32,
    /// The directory it is in; of directories only.
    pub(super) parent: Option<NodeId>,
    pub(super) xattrs: BTreeMap<&'static str, Vec<u8>>,
    /// The time of modification, if it was set since the last one.
    pub(super) mtime: Option<Time>,
    /// A time of modification that was set before the last one: it must not be seen any more.
    pub(super) mtime_outdated: Option<Time>,
    /// The (mtime, ctime) seen since the last change: they must not move by themselves.
    pub(super) times_seen: Option<(Time, Time)>,
    /// Its identity, once seen.
    pub(super) id: Option<FileId>,
}

impl Node {
    pub(super) fn new(body: Body, mode: Mode) -> Self {
        Self {
            body,
            mode,
            set_id_known: true,
            links: 1,
            parent: None,
            xattrs: BTreeMap::new(),
            mtime: None,
            mtime_outdated: None,
            times_seen: None,
            id: None,
        }
    }

    pub(super) fn kind(&self) -> FileKind {
        match self.body {
            Body::File(_) => FileKind::Regular,
            Body::Dir(_) => FileKind::Directory,
            Body::Symlink(_) => FileKind::Symlink,
            Body::Fifo => FileKind::Fifo,
        }
    }

    pub(super) fn is_dir(&self) -> bool {
        matches!(self.body, Body::Dir(_))
    }

    /// The length that `stat` tells; `None` where each filesystem has its own idea.
    pub(super) fn size(&self) -> Option<u64> {
        match &self.body {
            Body::File(bytes) => Some(bytes.len() as u64),
            Body::Symlink(target) => Some(target.len() as u64),
            Body::Dir(_) | Body::Fifo => None,
        }
    }

    /// Contents or entries changed.
    pub(super) fn modified(&mut self) {
        self.mtime_outdated = self.mtime.take().or(self.mtime_outdated);
        self.times_seen = None;
    }

    /// The time of modification may have moved.
    pub(super) fn perhaps_modified(&mut self) {
        self.mtime = None;
        self.mtime_outdated = None;
        self.times_seen = None;
    }

    /// Attributes or names changed.
    pub(super) fn changed(&mut self) {
        self.times_seen = None;
    }
}

/// A file that is open.
#[derive(Clone, Copy, Debug)]
pub(super) struct OpenFile {
    pub(super) node: NodeId,
    pub(super) access: Access,
}
