use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use cachefs_vfs::{Attr, Caps, Errno, FileId, Mode};

use super::expect::{Expected, Stop, Want};
use super::node::{Body, Node, NodeId, OpenFile};
use super::op::{DIR_SLOTS, FILE_SLOTS, Op, PATHS, Place, Spot};

/// The set-id bits.
const SET_ID: u32 = 0o6000;

/// A filesystem as it must be.
#[derive(Clone, Debug)]
pub(super) struct Model {
    pub(super) caps: Caps,
    nodes: Vec<Node>,
    ids: HashMap<FileId, NodeId>,
    pub(super) files: [Option<OpenFile>; FILE_SLOTS],
    pub(super) dirs: [Option<NodeId>; DIR_SLOTS],
}

/// The root.
pub(super) const ROOT: NodeId = 0;

impl Model {
    /// An empty tree, whose root has this mode.
    pub(super) fn new(caps: Caps, root_mode: Mode) -> Self {
        let mut root = Node::new(Body::Dir(BTreeMap::new()), root_mode);
        root.parent = Some(ROOT);
        Self {
            caps,
            nodes: vec![root],
            ids: HashMap::new(),
            files: [None; FILE_SLOTS],
            dirs: [None; DIR_SLOTS],
        }
    }

    /// Does `op`, or finds why it cannot be done.
    pub(super) fn apply(&mut self, op: &Op) -> Expected {
        match op {
            Op::Names(op) => self.apply_names(op),
            Op::Bytes(slot, op) => self.apply_bytes(*slot, op),
            Op::Node(at, op) => self.apply_node(*at, op),
            Op::Evict(_) => Ok(Want::Done),
        }
    }

    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }

    pub(super) fn node_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id]
    }

    pub(super) fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// The contents; nothing for what is no file.
    pub(super) fn bytes_of(&self, id: NodeId) -> &[u8] {
        match &self.nodes[id].body {
            Body::File(bytes) => bytes,
            _ => &[],
        }
    }

    /// Replaces the contents.
    pub(super) fn put_bytes(&mut self, id: NodeId, bytes: Vec<u8>) {
        self.nodes[id].body = Body::File(Arc::new(bytes));
    }

    pub(super) fn children(&self, dir: NodeId) -> &BTreeMap<&'static str, NodeId> {
        static NONE: BTreeMap<&'static str, NodeId> = BTreeMap::new();
        match &self.nodes[dir].body {
            Body::Dir(children) => children,
            _ => &NONE,
        }
    }

    /// Whether this directory still has its name.
    pub(super) fn is_alive(&self, dir: NodeId) -> bool {
        self.nodes[dir].links > 0
    }

    pub(super) fn place(&self, place: Place) -> Result<NodeId, Stop> {
        match place {
            Place::Slot(slot) => self.dirs[slot].ok_or(Stop::Skip),
            Place::Path(path) => PATHS[path].iter().try_fold(ROOT, |dir, name| {
                let child = self.lookup(dir, name)?;
                if self.nodes[child].is_dir() { Ok(child) } else { Err(Stop::with(Errno::NOTDIR)) }
            }),
        }
    }

    pub(super) fn lookup(&self, dir: NodeId, name: &str) -> Result<NodeId, Stop> {
        self.children(dir).get(name).copied().ok_or_else(|| Stop::with(Errno::NOENT))
    }

    pub(super) fn spot(&self, spot: Spot) -> Result<NodeId, Stop> {
        self.lookup(self.place(spot.place)?, spot.name)
    }

    /// A directory and the name in it, free to be taken.
    pub(super) fn vacant(&self, spot: Spot) -> Result<NodeId, Stop> {
        let dir = self.place(spot.place)?;
        if self.children(dir).contains_key(spot.name) {
            return Err(Stop::with(Errno::EXIST));
        }
        if !self.is_alive(dir) {
            return Err(Stop::with(Errno::NOENT));
        }
        Ok(dir)
    }

    /// Enters a new node.
    pub(super) fn add(&mut self, dir: NodeId, name: &'static str, node: Node) -> NodeId {
        let id = self.nodes.len();
        self.nodes.push(node);
        self.enter(dir, name, id);
        id
    }

    /// Gives a node a name, in place of what had it.
    pub(super) fn enter(&mut self, dir: NodeId, name: &'static str, id: NodeId) {
        if self.nodes[id].is_dir() {
            self.nodes[id].parent = Some(dir);
        }
        let parent = &mut self.nodes[dir];
        parent.modified();
        if let Body::Dir(children) = &mut parent.body {
            children.insert(name, id);
        }
    }

    /// Takes a name away.
    pub(super) fn leave(&mut self, dir: NodeId, name: &str) {
        let parent = &mut self.nodes[dir];
        parent.modified();
        if let Body::Dir(children) = &mut parent.body {
            children.remove(name);
        }
    }

    /// One name fewer.
    pub(super) fn unlink(&mut self, id: NodeId) {
        self.nodes[id].links -= 1;
        self.nodes[id].changed();
    }

    /// Whether `dir` is `ancestor` or below it.
    pub(super) fn is_below(&self, mut dir: NodeId, ancestor: NodeId) -> bool {
        loop {
            if dir == ancestor {
                return true;
            }
            match self.nodes[dir].parent {
                Some(parent) if parent != dir => dir = parent,
                _ => return false,
            }
        }
    }

    /// Compares attributes with what is known, and learns from them.
    pub(super) fn see(&mut self, id: NodeId, attr: &Attr) -> Result<(), String> {
        self.see_identity(id, attr)?;
        self.compare_attr(id, attr)?;
        let times = (attr.mtime, attr.ctime);
        match self.nodes[id].times_seen.replace(times) {
            Some(seen) if seen != times => {
                Err(format!("(mtime, ctime) went from {seen:?} to {times:?} without a change"))
            }
            _ => Ok(()),
        }
    }

    fn see_identity(&mut self, id: NodeId, attr: &Attr) -> Result<(), String> {
        if let Some(known) = self.nodes[id].id.replace(attr.id)
            && known != attr.id
        {
            return Err(format!("was {known:?}, is now {:?}", attr.id));
        }
        match self.ids.insert(attr.id, id) {
            Some(other) if other != id => Err(format!("two files are {:?}", attr.id)),
            _ => Ok(()),
        }
    }

    /// Compares attributes with what is known, identity and unknown times aside.
    pub(super) fn compare_attr(&self, id: NodeId, attr: &Attr) -> Result<(), String> {
        let node = &self.nodes[id];
        if attr.kind != node.kind() {
            return Err(format!("is a {:?}, expected a {:?}", attr.kind, node.kind()));
        }
        if node.size().is_some_and(|size| size != attr.size) {
            return Err(format!("has size {}, expected {:?}", attr.size, node.size()));
        }
        let mask = if node.set_id_known { 0o7777 } else { 0o7777 & !SET_ID };
        let has_mode = !matches!(node.body, Body::Symlink(_));
        if has_mode && (attr.mode.bits() ^ node.mode.bits()) & mask != 0 {
            return Err(format!("has mode {:o}, expected {:o}", attr.mode.bits(), node.mode.bits()));
        }
        if !node.is_dir() && attr.links != node.links {
            return Err(format!("has {} names, expected {}", attr.links, node.links));
        }
        if node.mtime.is_some_and(|mtime| mtime != attr.mtime) {
            return Err(format!("has mtime {:?}, expected {:?}", attr.mtime, node.mtime));
        }
        if node.mtime_outdated == Some(attr.mtime) {
            return Err(format!("still has mtime {:?}, though it was modified", attr.mtime));
        }
        Ok(())
    }

    /// Forgets all times seen: something happened that the model does not know in full.
    pub(super) fn forget_times(&mut self) {
        for node in &mut self.nodes {
            node.times_seen = None;
        }
    }
}
