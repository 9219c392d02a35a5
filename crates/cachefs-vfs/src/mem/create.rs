use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Arc, Weak};

use super::content::Content;
use super::names::Names;
use super::node::{Node, Seed};
use super::state::{Body, State};
use crate::{Attr, Errno, Error, FileKind, Mode, Name, NodeKind, Owner, Result};

/// The longest target of a symlink, in bytes.
const TARGET_MAX: usize = 4095;

const SET_GID: u32 = 0o2000;

/// The verbs that make a new inode. They lock the directory alone: nobody else knows the new inode yet.
impl Node {
    /// Makes anything but a directory or a symlink, unless the name is taken. Answers what has the name, and whether
    /// it is new.
    pub(super) fn create(
        self: &Arc<Self>,
        name: Name<'_>,
        kind: NodeKind,
        mode: Mode,
        owner: &Owner,
    ) -> Result<(Arc<Self>, bool)> {
        let (kind, body) = match kind {
            NodeKind::Regular => (FileKind::Regular, Body::File(Content::default())),
            NodeKind::Fifo => (FileKind::Fifo, Body::Special(0)),
            NodeKind::Socket => (FileKind::Socket, Body::Special(0)),
            NodeKind::CharDevice(device) => (FileKind::CharDevice, Body::Special(device)),
            NodeKind::BlockDevice(device) => (FileKind::BlockDevice, Body::Special(device)),
        };
        self.add(name, kind, body, mode.masked(self.shared.umask_of(owner)), owner)
    }

    pub(super) fn make_dir(self: &Arc<Self>, name: Name<'_>, mode: Mode, owner: &Owner) -> Result<Attr> {
        let mode = Mode::new(mode.bits() & 0o1777).masked(self.shared.umask_of(owner));
        let body = Body::Dir(Names::default());
        new_only(self.add(name, FileKind::Directory, body, mode, owner)?)
    }

    pub(super) fn symlink(self: &Arc<Self>, name: Name<'_>, target: &Path, owner: &Owner) -> Result<Attr> {
        let bytes = target.as_os_str().as_bytes();
        if bytes.is_empty() {
            return Err(Error::new(Errno::NOENT));
        }
        if bytes.len() > TARGET_MAX {
            return Err(Error::new(Errno::NAMETOOLONG));
        }
        if bytes.contains(&0) {
            return Err(Error::new(Errno::INVAL));
        }
        let body = Body::Symlink(target.to_path_buf());
        new_only(self.add(name, FileKind::Symlink, body, Mode::new(0o777), owner)?)
    }

    fn add(
        self: &Arc<Self>,
        name: Name<'_>,
        kind: FileKind,
        body: Body,
        mode: Mode,
        owner: &Owner,
    ) -> Result<(Arc<Self>, bool)> {
        let mut dir = self.state.write();
        if let Some(there) = dir.names_mut()?.get(name) {
            return Ok((Arc::clone(there), false));
        }
        let links = dir.links_with_dirs(u32::from(kind.is_dir()))?;
        let (mode, gid) = self.inherited(&dir, kind, mode, owner);
        let parent = if kind.is_dir() { Arc::downgrade(self) } else { Weak::new() };
        let now = self.shared.now();
        let seed = Seed { kind, body, mode, uid: self.shared.uid_of(owner), gid, parent };
        let node = Node::new(&self.shared, seed, now)?;
        dir.names_mut()?.add(name, Arc::clone(&node));
        dir.links = links;
        (dir.mtime, dir.ctime) = (now, now);
        Ok((node, true))
    }

    /// What a set-gid directory hands down: its group and, to directories, the bit.
    fn inherited(&self, dir: &State, kind: FileKind, mode: Mode, owner: &Owner) -> (Mode, u32) {
        if dir.mode.bits() & SET_GID == 0 {
            return (mode, self.shared.gid_of(owner));
        }
        let bit = if kind.is_dir() { SET_GID } else { 0 };
        (Mode::new(mode.bits() | bit), dir.gid)
    }
}

fn new_only((node, new): (Arc<Node>, bool)) -> Result<Attr> {
    if new { Ok(node.attr()) } else { Err(Error::new(Errno::EXIST)) }
}
