use cachefs_vfs::{Errno, SetAttr, SetTime, XattrHow};

use super::expect::{Expected, Stop, Want};
use super::node::{Body, NodeId};
use super::op::{At, Fill, NodeOp};
use super::tree::Model;

impl Model {
    pub(super) fn apply_node(&mut self, at: At, op: &NodeOp) -> Expected {
        let node = match at {
            At::File(slot) => self.files[slot].ok_or(Stop::Skip)?.node,
            At::Dir(place) => self.place(place)?,
            At::Name(spot) => self.spot(spot)?,
        };
        let has_xattrs = matches!(self.node(node).body, Body::File(_) | Body::Dir(_)) && self.caps.xattrs;
        match *op {
            NodeOp::Attr => Ok(Want::Attr(node)),
            NodeOp::SetAttr(set) => self.set_attr(node, &set),
            _ if !has_xattrs => Err(Stop::Skip),
            NodeOp::Xattr(key) => {
                self.node(node).xattrs.get(key).cloned().map(Want::Bytes).ok_or(Stop::with(Errno::NODATA))
            }
            NodeOp::Xattrs => Ok(Want::Keys(self.node(node).xattrs.keys().copied().collect())),
            NodeOp::SetXattr { key, fill, how } => self.set_xattr(node, key, fill, how),
            NodeOp::RemoveXattr(key) => self.remove_xattr(node, key),
        }
    }

    fn set_attr(&mut self, id: NodeId, set: &SetAttr) -> Expected {
        let node = self.node_mut(id);
        if matches!(node.body, Body::Symlink(_))
            || (node.is_dir() && set.mode.is_some_and(|m| m.has_set_id()))
        {
            return Err(Stop::Skip);
        }
        if let Some(mode) = set.mode {
            node.mode = mode;
            node.set_id_known = true;
        }
        if let Some(mtime) = set.mtime {
            node.mtime_outdated = None;
            node.mtime = match mtime {
                SetTime::Now => None,
                SetTime::To(time) => Some(time),
            };
        }
        node.changed();
        Ok(Want::Attr(id))
    }

    fn set_xattr(&mut self, id: NodeId, key: &'static str, fill: Fill, how: XattrHow) -> Expected {
        let node = self.node_mut(id);
        match how {
            XattrHow::Create if node.xattrs.contains_key(key) => return Err(Stop::with(Errno::EXIST)),
            XattrHow::Replace if !node.xattrs.contains_key(key) => return Err(Stop::with(Errno::NODATA)),
            _ => {}
        }
        node.xattrs.insert(key, fill.bytes());
        node.changed();
        Ok(Want::Done)
    }

    fn remove_xattr(&mut self, id: NodeId, key: &'static str) -> Expected {
        let node = self.node_mut(id);
        if node.xattrs.remove(key).is_none() {
            return Err(Stop::with(Errno::NODATA));
        }
        node.changed();
        Ok(Want::Done)
    }
}
