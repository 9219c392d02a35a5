//! The inodes the kernel knows: names, references, opens.

mod aside;
mod given;
mod links;
mod moves;
mod name_index;
mod node;
mod node_id;
mod node_map;
mod oldest;
mod opens;
mod settling;
mod shard;
mod tails;

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use cachefs_vfs::{Attr, Errno, Error, FileId, Result};
use lru::LruCache;
use parking_lot::{Mutex, MutexGuard};

use aside::Aside;
pub(crate) use moves::{Moment, Moves};
use name_index::NameIndex;
use node::Node;
pub(crate) use node::{Gone, Known, Link, NodeState};
pub(crate) use node_id::{NodeId, Numbering};
pub(crate) use opens::ANY_PAGES;
use shard::{Met, Shard};

const SHARDS: usize = 64;
/// Names of so many forgotten files are remembered, for handles that outlive the kernel's caches.
const FORGOTTEN_MAX: NonZeroUsize = NonZeroUsize::new(1 << 14).unwrap();

/// The table. Each node lies in one shard, and no two shards are locked at once; under one, a part of the index of names
/// may be, or the numbers of files that had to be put aside.
#[derive(Debug)]
pub(crate) struct Inodes {
    numbering: Numbering,
    aside: Aside,
    shards: Box<[Mutex<Shard>]>,
    count: AtomicU64,
    lookups: AtomicU64,
    /// What the kernel forgot last: who holds a handle of it (an NFS client) may ask for it again.
    forgotten: Mutex<LruCache<NodeId, (FileId, Link)>>,
    /// The shard that gives up nodes next.
    hand: AtomicU64,
    /// Nodes by name, where changes are told of by name.
    names: OnceLock<NameIndex>,
    /// Which files the kernel has open is not counted.
    uncounted: bool,
}

/// A node that was met in a look-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Admitted {
    pub(crate) node: NodeId,
    /// The number belonged to another file before: handles kept under it are not of this one.
    pub(crate) reused: bool,
    /// Something was in the way, so that the answer must not be remembered.
    pub(crate) stale: bool,
}

impl Inodes {
    /// A table of one: the top directory, which is never forgotten.
    pub(crate) fn new(root: &Attr, uncounted: bool) -> Self {
        let inodes = Self {
            numbering: Numbering::new(root.id),
            aside: Aside::default(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            count: AtomicU64::new(1),
            lookups: AtomicU64::new(0),
            uncounted,
            forgotten: Mutex::new(LruCache::new(FORGOTTEN_MAX)),
            hand: AtomicU64::new(0),
            names: OnceLock::new(),
        };
        inodes.shard(NodeId::ROOT).meet(NodeId::ROOT, root);
        inodes
    }

    /// Which files the kernel has open is not counted: any but a directory may be.
    pub(crate) fn is_uncounted(&self) -> bool {
        self.uncounted
    }

    pub(crate) fn numbering(&self) -> Numbering {
        self.numbering
    }

    /// The number of a file, whether the kernel knows it or not. A generation of 0 stands for any.
    pub(crate) fn number(&self, id: FileId) -> NodeId {
        let plain = self.numbering.of(id);
        let shard = self.shard(plain);
        match self.aside.get(id) {
            Some(node) => node,
            None if id.generation != 0 && shard.is_taken(plain, id) => NodeId::made_up(id),
            None => plain,
        }
    }

    /// The number that a listing without attributes shows.
    pub(crate) fn number_listed(&self, device: u64, inode: u64) -> NodeId {
        let id = FileId { device, inode, generation: 0 };
        self.aside.get(id).unwrap_or_else(|| self.numbering.of(id))
    }

    fn shard(&self, node: NodeId) -> MutexGuard<'_, Shard> {
        let index = usize::try_from(node.0 % SHARDS as u64).unwrap_or(0);
        self.shards[index].lock()
    }

    /// Adds a reference of the kernel to a file that was found under `link`. If something may have moved since it was
    /// found (`moved`, asked while no rename can change the file's names), that name does not replace one that is
    /// known. Whether the answer is `stale` is asked once the table shows that the kernel is about to know it.
    pub(crate) fn admit(
        &self,
        attr: &Attr,
        link: Option<(NodeId, &[u8])>,
        moved: impl FnOnce() -> bool,
        stale: impl FnOnce() -> bool,
    ) -> Result<Admitted> {
        let clock = self.lookups.fetch_add(1, Ordering::Relaxed) >> 10;
        let (node, mut shard, pinned) = self.seat(attr.id);
        let (met, moved) = self.following(&mut shard, node, |shard| {
            let (met, moved) = (shard.meet(node, attr), moved());
            if met != Met::Collision {
                let several = attr.links > 1 && !attr.kind.is_dir();
                shard.relink(node, |found, more| {
                    found.met(u32::try_from(clock).unwrap_or(u32::MAX));
                    if let Some((parent, name)) = link.filter(|_| !(moved && found.has_link())) {
                        found.add_link(more, parent, name, several);
                    }
                });
            }
            (met, moved)
        });
        if pinned {
            self.aside.unpin(attr.id);
        }
        match met {
            Met::Collision => return Err(Error::new(Errno::IO)),
            Met::New => _ = self.count.fetch_add(1, Ordering::Relaxed),
            Met::Known | Met::Reused => {}
        }
        let stale = moved || stale();
        Ok(Admitted { node, reused: met == Met::Reused, stale })
    }

    /// The number under which a file is met, and its shard; whether the number is pinned aside.
    fn seat(&self, id: FileId) -> (NodeId, MutexGuard<'_, Shard>, bool) {
        let plain = self.numbering.of(id);
        let shard = self.shard(plain);
        match self.aside.pin(id, shard.is_taken(plain, id)) {
            Some(node) => {
                drop(shard);
                (node, self.shard(node), true)
            }
            None => (plain, shard, false),
        }
    }

    /// Takes back references of the kernel; whether those were the last.
    pub(crate) fn forget(&self, node: NodeId, references: u64) -> bool {
        if node == NodeId::ROOT {
            return false;
        }
        let mut shard = self.shard(node);
        let Some(found) = shard.nodes.get_mut(node.0) else { return false };
        found.lookups = found.lookups.saturating_sub(references);
        if found.lookups > 0 {
            return false;
        }
        let identity = shard.identity(node, self.numbering);
        let removed = self.following(&mut shard, node, |shard| shard.remove(node));
        if let Some(id) = identity.filter(|_| node.is_synthetic()) {
            self.aside.remove(id);
        }
        drop(shard);
        self.count.fetch_sub(1, Ordering::Relaxed);
        if let (Some(identity), Some(removed)) = (identity, removed.filter(Node::has_link)) {
            self.forgotten.lock().put(node, (identity, removed.link));
        }
        true
    }

    /// What is known of a node.
    pub(crate) fn state(&self, node: NodeId) -> Option<NodeState> {
        let state = self.shard(node).state(node, self.numbering)?;
        Some(NodeState { open: state.open || self.uncounted && !state.kind.is_dir(), ..state })
    }

    /// The file behind a node; also of nodes that were forgotten not too long ago.
    pub(crate) fn identity(&self, node: NodeId) -> Option<FileId> {
        let known = self.shard(node).identity(node, self.numbering);
        known.or_else(|| self.forgotten.lock().get(&node).map(|(id, _)| *id))
    }

    /// Remembers the attributes of a file without a name, for as long as the kernel knows it.
    pub(crate) fn set_gone(&self, node: NodeId, gone: Gone) {
        let mut shard = self.shard(node);
        if shard.nodes.contains(node.0) {
            shard.gone.insert(node.0, gone);
        }
    }

    /// The attributes of a file without a name.
    pub(crate) fn gone(&self, node: NodeId) -> Option<Gone> {
        self.shard(node).gone.get(&node.0).copied()
    }

    /// Whether the kernel knows the node.
    pub(crate) fn contains(&self, node: NodeId) -> bool {
        self.shard(node).nodes.contains(node.0)
    }

    /// The parts of the table.
    pub(crate) fn parts(&self) -> Range<usize> {
        0..self.shards.len()
    }

    /// All nodes of a part.
    pub(crate) fn part(&self, part: usize) -> Vec<Known> {
        let known = |(node, found): (u64, &Node)| Known { node: NodeId(node), kind: found.kind };
        self.shards[part].lock().nodes.iter().map(known).collect()
    }

    /// How many nodes there are.
    pub(crate) fn len(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests;
