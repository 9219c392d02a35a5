use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use cachefs_vfs::{Attr, SyncHow};

use super::bytes::{Bytes, Remains};
use super::names::{Names, Tree};
use super::odds::Odds;

/// The xattrs of one inode.
pub(super) type Xattrs = BTreeMap<OsString, Vec<u8>>;

/// What of a filesystem is durable, and what was done since.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) names: Names,
    inodes: BTreeMap<u64, Inode>,
    /// The highest inode number there ever was: none is used again.
    last_inode: u64,
}

/// One inode, also when its last name is gone: the removal may be lost.
#[derive(Debug)]
struct Inode {
    durable: Meta,
    later: Vec<Meta>,
    target: PathBuf,
    bytes: Bytes,
}

/// All of an inode but its names and its bytes.
#[derive(Clone, Debug)]
pub(super) struct Meta {
    pub(super) attr: Attr,
    pub(super) xattrs: Arc<Xattrs>,
}

/// What is left of an inode.
#[derive(Debug)]
pub(super) struct Survivor {
    pub(super) meta: Meta,
    /// Of a symlink.
    pub(super) target: PathBuf,
    pub(super) remains: Remains,
}

/// What is left of a filesystem: inodes, some of which may have no name.
#[derive(Debug)]
pub(super) struct Survivors {
    pub(super) tree: Tree,
    pub(super) inodes: BTreeMap<u64, Survivor>,
    /// The highest inode number there ever was.
    pub(super) last_inode: u64,
}

impl Log {
    /// A new filesystem with this root.
    pub(super) fn new(root: Attr) -> Self {
        let mut log = Self { names: Names::default(), inodes: BTreeMap::new(), last_inode: 0 };
        log.born(root, PathBuf::new());
        log
    }

    /// A filesystem that was put together of what survived, all of which is durable.
    pub(super) fn of(survivors: Survivors) -> Self {
        let inode = |(number, survivor): (u64, Survivor)| {
            let bytes = Bytes::of(&survivor.remains);
            (number, Inode { durable: survivor.meta, later: Vec::new(), target: survivor.target, bytes })
        };
        let inodes = survivors.inodes.into_iter().map(inode).collect();
        Self { names: Names::of(survivors.tree), inodes, last_inode: survivors.last_inode }
    }

    /// A new inode. It is there as soon as a name of it is durable.
    pub(super) fn born(&mut self, attr: Attr, target: PathBuf) {
        let durable = Meta { attr, xattrs: Arc::default() };
        let inode = Inode { durable, later: Vec::new(), target, bytes: Bytes::default() };
        self.inodes.insert(attr.id.inode, inode);
        self.last_inode = self.last_inode.max(attr.id.inode);
    }

    /// The attributes are these now.
    pub(super) fn attr(&mut self, attr: Attr) {
        if let Some(inode) = self.inodes.get_mut(&attr.id.inode) {
            let xattrs = Arc::clone(&inode.later.last().unwrap_or(&inode.durable).xattrs);
            inode.later.push(Meta { attr, xattrs });
        }
    }

    /// Attributes and xattrs are these now.
    pub(super) fn xattrs(&mut self, attr: Attr, xattrs: Xattrs) {
        if let Some(inode) = self.inodes.get_mut(&attr.id.inode) {
            inode.later.push(Meta { attr, xattrs: Arc::new(xattrs) });
        }
    }

    pub(super) fn bytes(&mut self, inode: u64) -> Option<&mut Bytes> {
        self.inodes.get_mut(&inode).map(|inode| &mut inode.bytes)
    }

    /// Makes an inode durable: bytes and length, attributes if asked for.
    pub(super) fn sync(&mut self, inode: u64, how: SyncHow) {
        if let Some(inode) = self.inodes.get_mut(&inode) {
            inode.bytes.sync();
            if how == SyncHow::All
                && let Some(meta) = inode.later.drain(..).next_back()
            {
                inode.durable = meta;
            }
        }
    }

    pub(super) fn survive(&self, odds: &mut Odds, in_order: bool) -> Survivors {
        let tree = self.names.survive(odds, in_order);
        let inodes = self.inodes.iter().map(|(&number, inode)| (number, inode.survive(odds))).collect();
        Survivors { tree, inodes, last_inode: self.last_inode }
    }
}

impl Inode {
    fn survive(&self, odds: &mut Odds) -> Survivor {
        let meta = match odds.state(self.later.len() + 1) {
            0 => &self.durable,
            n => &self.later[n - 1],
        };
        Survivor { meta: meta.clone(), target: self.target.clone(), remains: self.bytes.survive(odds) }
    }
}
