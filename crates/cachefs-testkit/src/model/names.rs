use std::collections::BTreeMap;
use std::sync::Arc;

use cachefs_vfs::{Access, Errno, Mode, NodeKind, RemoveKind, RenameHow};

use super::driver::UMASK;
use super::expect::{Expected, Stop, Want};
use super::node::{Body, Node, NodeId, OpenFile};
use super::op::{NameOp, Spot};
use super::tree::Model;

fn fails<T>(errno: Errno) -> Result<T, Stop> {
    Err(Stop::with(errno))
}

impl Model {
    pub(super) fn apply_names(&mut self, op: &NameOp) -> Expected {
        match *op {
            NameOp::OpenDir { spot, slot } => self.open_dir(spot, slot),
            NameOp::CloseDir { slot } => {
                self.dirs[slot] = None;
                Ok(Want::Done)
            }
            NameOp::Create { spot, slot, access, exclusive, truncate, mode } => {
                self.create(spot, slot, access, exclusive, truncate, mode)
            }
            NameOp::Open { spot, slot, access, truncate } => self.open(spot, slot, access, truncate),
            NameOp::OpenId(_) if !self.caps.open_id => Err(Stop::Skip),
            NameOp::OpenId(spot) | NameOp::Stat(spot) => self.spot(spot).map(Want::Attr),
            NameOp::List { place, .. } => {
                let dir = self.place(place)?;
                Ok(if self.is_alive(dir) { Want::Entries(dir) } else { Want::NoEntries })
            }
            NameOp::MakeDir { spot, mode } => self.make(spot, Body::Dir(BTreeMap::new()), mode),
            NameOp::MakeNode { spot, kind, mode } => self.make_node(spot, kind, mode),
            NameOp::Symlink { .. } | NameOp::ReadLink(_) if !self.caps.symlinks => Err(Stop::Skip),
            NameOp::Symlink { spot, target } => self.make(spot, Body::Symlink(target), Mode::new(0o777)),
            NameOp::ReadLink(spot) => self.read_link(spot),
            NameOp::HardLink { from, to } => self.hard_link(from, to),
            NameOp::Remove { spot, kind } => self.remove(spot, kind),
            NameOp::Rename { from, to, how } => self.rename(from, to, how),
            NameOp::Sync(place) => self.place(place).map(|_| Want::Done),
        }
    }

    fn open_dir(&mut self, spot: Spot, slot: usize) -> Expected {
        let node = self.spot(spot)?;
        if !self.node(node).is_dir() {
            return fails(Errno::NOTDIR);
        }
        self.dirs[slot] = Some(node);
        Ok(Want::Attr(node))
    }

    fn create(
        &mut self,
        spot: Spot,
        slot: usize,
        access: Access,
        exclusive: bool,
        truncate: bool,
        mode: Mode,
    ) -> Expected {
        match self.spot(spot) {
            Ok(_) if exclusive => fails(Errno::EXIST),
            Ok(_) => self.open(spot, slot, access, truncate),
            Err(_) => {
                let made = self.make(spot, Body::File(Arc::default()), mode)?;
                let Want::Attr(node) = made else { return Err(Stop::Skip) };
                self.files[slot] = Some(OpenFile { node, access });
                Ok(made)
            }
        }
    }

    fn open(&mut self, spot: Spot, slot: usize, access: Access, truncate: bool) -> Expected {
        let node = self.spot(spot)?;
        match &self.node(node).body {
            _ if access == Access::Path => {}
            Body::File(_) => {}
            Body::Dir(_) => return fails(Errno::ISDIR),
            Body::Symlink(_) => return fails(Errno::LOOP),
            Body::Fifo => return fails(Errno::OPNOTSUPP),
        }
        if truncate {
            self.put_bytes(node, Vec::new());
            let node = self.node_mut(node);
            node.perhaps_modified();
            node.set_id_known &= !node.mode.has_set_id();
        }
        self.files[slot] = Some(OpenFile { node, access });
        Ok(Want::Attr(node))
    }

    fn make(&mut self, spot: Spot, body: Body, mode: Mode) -> Expected {
        let dir = self.vacant(spot)?;
        Ok(Want::Attr(self.add(dir, spot.name, Node::new(body, mode.masked(UMASK)))))
    }

    fn make_node(&mut self, spot: Spot, kind: NodeKind, mode: Mode) -> Expected {
        match kind {
            NodeKind::Regular => self.make(spot, Body::File(Arc::default()), mode),
            NodeKind::Fifo if self.caps.special_files => self.make(spot, Body::Fifo, mode),
            _ => Err(Stop::Skip),
        }
    }

    fn read_link(&self, spot: Spot) -> Expected {
        match self.node(self.spot(spot)?).body {
            Body::Symlink(target) => Ok(Want::Link(target)),
            _ => fails(Errno::INVAL),
        }
    }

    fn hard_link(&mut self, from: Spot, to: Spot) -> Expected {
        if !self.caps.hard_links {
            return Err(Stop::Skip);
        }
        let (from_dir, to_dir) = (self.place(from.place)?, self.place(to.place)?);
        let node = self.lookup(from_dir, from.name)?;
        let mut reasons = Vec::new();
        if self.node(node).is_dir() {
            reasons.push(Errno::PERM);
        }
        if self.children(to_dir).contains_key(to.name) {
            reasons.push(Errno::EXIST);
        }
        if !self.is_alive(to_dir) {
            reasons.push(Errno::NOENT);
        }
        if !reasons.is_empty() {
            return Err(Stop::Fails(reasons));
        }
        self.node_mut(node).links += 1;
        self.node_mut(node).changed();
        self.enter(to_dir, to.name, node);
        Ok(Want::Attr(node))
    }

    fn remove(&mut self, spot: Spot, kind: RemoveKind) -> Expected {
        let dir = self.place(spot.place)?;
        let node = self.lookup(dir, spot.name)?;
        match kind {
            RemoveKind::File if self.node(node).is_dir() => return fails(Errno::ISDIR),
            RemoveKind::Dir if !self.node(node).is_dir() => return fails(Errno::NOTDIR),
            RemoveKind::Dir if !self.children(node).is_empty() => return fails(Errno::NOTEMPTY),
            _ => {}
        }
        self.leave(dir, spot.name);
        self.unlink(node);
        if kind == RemoveKind::Dir {
            self.node_mut(node).perhaps_modified();
        }
        Ok(Want::Done)
    }

    fn rename(&mut self, from: Spot, to: Spot, how: RenameHow) -> Expected {
        if how != RenameHow::Replace && !self.caps.rename_flags {
            return Err(Stop::Skip);
        }
        let (from_dir, to_dir) = (self.place(from.place)?, self.place(to.place)?);
        let source = self.lookup(from_dir, from.name)?;
        let target = self.children(to_dir).get(to.name).copied();
        self.may_rename(from_dir, source, to_dir, target, how)?;
        if target == Some(source) {
            return Ok(Want::Done);
        }
        self.leave(from_dir, from.name);
        self.enter(to_dir, to.name, source);
        self.node_mut(source).changed();
        match target {
            Some(target) if how == RenameHow::Exchange => {
                self.enter(from_dir, from.name, target);
                self.node_mut(target).changed();
            }
            Some(target) => {
                self.unlink(target);
                if self.node(target).is_dir() {
                    self.node_mut(target).perhaps_modified();
                }
            }
            None => {}
        }
        Ok(Want::Done)
    }

    fn may_rename(
        &self,
        from_dir: NodeId,
        source: NodeId,
        to_dir: NodeId,
        target: Option<NodeId>,
        how: RenameHow,
    ) -> Result<(), Stop> {
        let mut reasons = Vec::new();
        if self.node(source).is_dir() && self.is_below(to_dir, source) {
            reasons.push(Errno::INVAL);
        }
        match (how, target) {
            (RenameHow::NoReplace, Some(_)) => reasons.push(Errno::EXIST),
            (RenameHow::Exchange, None) => reasons.push(Errno::NOENT),
            (RenameHow::Exchange, Some(target)) if self.is_ancestor(target, from_dir) => {
                reasons.push(Errno::INVAL);
            }
            (RenameHow::Replace, Some(target)) if target != source => {
                reasons.extend(self.may_replace(from_dir, source, target));
            }
            _ => {}
        }
        if !self.is_alive(to_dir) {
            reasons.push(Errno::NOENT);
        }
        if reasons.is_empty() { Ok(()) } else { Err(Stop::Fails(reasons)) }
    }

    fn is_ancestor(&self, node: NodeId, dir: NodeId) -> bool {
        self.node(node).is_dir() && self.is_below(dir, node)
    }

    fn may_replace(&self, from_dir: NodeId, source: NodeId, target: NodeId) -> Vec<Errno> {
        let nonempty = self.is_ancestor(target, from_dir) || !self.children(target).is_empty();
        match (self.node(source).is_dir(), self.node(target).is_dir()) {
            (true, true) if nonempty => vec![Errno::NOTEMPTY],
            (true, false) => vec![Errno::NOTDIR],
            (false, true) if self.is_ancestor(target, from_dir) => vec![Errno::NOTEMPTY, Errno::ISDIR],
            (false, true) => vec![Errno::ISDIR],
            _ => Vec::new(),
        }
    }
}
