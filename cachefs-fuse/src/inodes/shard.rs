use cachefs_vfs::{Attr, FileId};
use hashbrown::HashMap;

use super::node::{Gone, Link, Node, NodeState};
use super::node_map::NodeMap;
use super::tails::Tail;
use super::{NodeId, Numbering};

/// A file moves through no more directories than this while one answer is on its way.
const LEFT_MAX: usize = 64;

/// A part of the table. What few nodes need lies in tables of its own.
#[derive(Debug, Default)]
pub(super) struct Shard {
    pub(super) nodes: NodeMap,
    /// Further names of hard-linked files.
    pub(super) more_links: HashMap<u64, Vec<Link>>,
    /// Directories that unsettled nodes were found in and are no longer.
    pub(super) left: HashMap<u64, Vec<NodeId>>,
    /// Device and inode of nodes whose number does not tell.
    pub(super) foreign: HashMap<u64, (u64, u64)>,
    /// What remains of files that lost their last name while the kernel knew them.
    pub(super) gone: HashMap<u64, Gone>,
    /// The ends of files that others are taken not to make longer.
    pub(super) tails: HashMap<u64, Tail>,
}

/// What became of a look-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Met {
    /// The node is new.
    New,
    /// It was known.
    Known,
    /// Its number was known, but belongs to another file now.
    Reused,
    /// Another file of another device has this number: a coincidence that must not mix the two.
    Collision,
}

impl Shard {
    pub(super) fn identity(&self, node: NodeId, numbering: Numbering) -> Option<FileId> {
        let generation = self.nodes.get(node.0)?.generation;
        if let Some(&(device, inode)) = self.foreign.get(&node.0) {
            return Some(FileId { device, inode, generation });
        }
        if node == NodeId::ROOT {
            return Some(numbering.root());
        }
        numbering.identity(node).map(|id| FileId { generation, ..id })
    }

    pub(super) fn state(&self, node: NodeId, numbering: Numbering) -> Option<NodeState> {
        let id = self.identity(node, numbering)?;
        let found = self.nodes.get(node.0)?;
        Some(NodeState { id, kind: found.kind, open: found.opens > 0 })
    }

    /// Whether the number is in use for another file that had this inode number before.
    pub(super) fn is_taken(&self, node: NodeId, id: FileId) -> bool {
        node != NodeId::ROOT && self.nodes.get(node.0).is_some_and(|found| found.generation != id.generation)
    }

    /// Makes sure there is a node for this file. Under a number that was used again and has no generation to tell, the
    /// references of both users add up: the kernel gives them back under one number.
    pub(super) fn meet(&mut self, node: NodeId, attr: &Attr) -> Met {
        let identity = (attr.id.device, attr.id.inode);
        if let Some(found) = self.nodes.get_mut(node.0) {
            if node.is_synthetic() && self.foreign.get(&node.0) != Some(&identity) {
                return Met::Collision;
            }
            if found.generation == attr.id.generation && found.kind == attr.kind {
                return Met::Known;
            }
            let (lookups, opens) = (found.lookups, found.opens);
            *found = Node { lookups, opens, believed: true, paged: true, ..Node::new(attr) };
            self.more_links.remove(&node.0);
            self.left.remove(&node.0);
            self.gone.remove(&node.0);
            self.tails.remove(&node.0);
            return Met::Reused;
        }
        self.nodes.insert(node.0, Node::new(attr));
        if node.is_synthetic() {
            self.foreign.insert(node.0, identity);
        }
        Met::New
    }

    pub(super) fn remove(&mut self, node: NodeId) -> Option<Node> {
        self.more_links.remove(&node.0);
        self.left.remove(&node.0);
        self.foreign.remove(&node.0);
        self.gone.remove(&node.0);
        self.tails.remove(&node.0);
        self.nodes.remove(node.0)
    }

    /// Changes the names of a node, if it is known.
    pub(super) fn relink(&mut self, node: NodeId, change: impl FnOnce(&mut Node, &mut Vec<Link>)) {
        let Some(found) = self.nodes.get_mut(node.0) else { return };
        let mut more = self.more_links.remove(&node.0).unwrap_or_default();
        let unsettled = found.unsettled != 0;
        let before = (found.parent(), more.iter().map(|link| link.parent).collect::<Vec<_>>());
        change(found, &mut more);
        if unsettled {
            let there = |dir: &NodeId| found.parent() == Some(*dir) || more.iter().any(|l| l.parent == *dir);
            let left = before.0.into_iter().chain(before.1).filter(|dir| !there(dir));
            left.for_each(|dir| leave(self.left.entry(node.0).or_default(), dir));
        }
        if !more.is_empty() {
            self.more_links.insert(node.0, more);
        }
    }

    /// Every directory through which an answer about the node may be on its way.
    pub(super) fn ways(&self, node: NodeId) -> Vec<NodeId> {
        let now = self.links(node).into_iter().map(|link| link.parent);
        let mut ways: Vec<_> = now.chain(self.left.get(&node.0).into_iter().flatten().copied()).collect();
        ways.sort_unstable();
        ways.dedup();
        ways
    }

    /// No answer about the node that was counted in `seen` is on its way through `dir` any more.
    pub(super) fn settle(&mut self, node: NodeId, dir: NodeId, seen: u32) {
        let last = self.ways(node) == [dir];
        let Some(found) = self.nodes.get_mut(node.0).filter(|found| found.unsettled == seen) else { return };
        if last {
            found.unsettled = 0;
        }
        if let Some(left) = self.left.get_mut(&node.0) {
            left.retain(|known| *known != dir);
            if left.is_empty() {
                self.left.remove(&node.0);
            }
        }
    }

    pub(super) fn links(&self, node: NodeId) -> Vec<Link> {
        let Some(found) = self.nodes.get(node.0).filter(|n| n.has_link()) else { return Vec::new() };
        let more = self.more_links.get(&node.0).map_or(&[][..], Vec::as_slice);
        std::iter::once(&found.link).chain(more.iter().rev()).cloned().collect()
    }
}

fn leave(left: &mut Vec<NodeId>, dir: NodeId) {
    if left.contains(&dir) {
        return;
    }
    if left.len() >= LEFT_MAX {
        left.remove(0);
    }
    left.push(dir);
}
