use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Weak};

use parking_lot::{Mutex, RwLock};

use super::content::{PAGE, PAGE_SIZE};
use super::shared::Shared;
use super::state::{Body, State};
use super::xattrs::Xattrs;
use crate::{Attr, Errno, Error, FileId, FileKind, Mode, Result, SetAttr, SetTime, Time, XattrHow};

/// Inode numbers are not used again, so one generation is enough.
const GENERATION: u64 = 1;

/// What a listing entry is said to take of a directory's size, in bytes.
const ENTRY_SIZE: u64 = 32;

/// An inode. It lives as long as a name or a handle does.
pub(super) struct Node {
    pub(super) shared: Arc<Shared>,
    pub(super) inode: u64,
    pub(super) kind: FileKind,
    /// The directory this directory is in; nothing for other kinds. Changed under the tree lock only, and itself
    /// locked for a moment, never while another lock is waited for.
    pub(super) parent: Mutex<Weak<Node>>,
    pub(super) state: RwLock<State>,
}

/// What a new inode begins with.
#[derive(Debug)]
pub(super) struct Seed {
    pub(super) kind: FileKind,
    pub(super) body: Body,
    pub(super) mode: Mode,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) parent: Weak<Node>,
}

impl Node {
    /// Where a symlink leads to.
    pub(super) fn target(&self) -> Result<PathBuf> {
        match &self.state.read().body {
            Body::Symlink(target) => Ok(target.clone()),
            _ => Err(Error::new(Errno::INVAL)),
        }
    }

    pub(super) fn new(shared: &Arc<Shared>, seed: Seed, now: Time) -> Result<Arc<Self>> {
        if shared.inodes.take(1) {
            Ok(Self::unpaid(shared, seed, now))
        } else {
            Err(Error::new(Errno::NOSPC))
        }
    }

    /// A new inode that the caller has taken from the quota.
    pub(super) fn unpaid(shared: &Arc<Shared>, seed: Seed, now: Time) -> Arc<Self> {
        let state = State {
            mode: seed.mode,
            uid: seed.uid,
            gid: seed.gid,
            links: if seed.kind.is_dir() { 2 } else { 1 },
            atime: now,
            mtime: now,
            ctime: now,
            btime: now,
            xattrs: Xattrs::default(),
            body: seed.body,
        };
        let node = Arc::new(Self {
            shared: Arc::clone(shared),
            inode: shared.next_inode(),
            kind: seed.kind,
            parent: Mutex::new(seed.parent),
            state: RwLock::new(state),
        });
        shared.register(&node);
        node
    }

    /// Whether `generation` is that of this inode, or any.
    pub(super) fn has_generation(generation: u64) -> bool {
        generation == 0 || generation == GENERATION
    }

    pub(super) fn attr(&self) -> Attr {
        self.attr_of(&self.state.read())
    }

    /// The attributes, by who holds the lock.
    pub(super) fn attr_of(&self, state: &State) -> Attr {
        let (size, blocks, device) = match &state.body {
            Body::File(content) => (content.size(), content.pages() * (PAGE / 512), 0),
            Body::Dir(names) => (names.len() as u64 * ENTRY_SIZE, 0, 0),
            Body::Symlink(target) => (target.as_os_str().len() as u64, 0, 0),
            Body::Special(device) => (0, 0, *device),
        };
        Attr {
            id: FileId { device: self.shared.device, inode: self.inode, generation: GENERATION },
            kind: self.kind,
            mode: state.mode,
            links: state.links,
            uid: state.uid,
            gid: state.gid,
            device,
            size,
            blocks,
            block_size: PAGE_SIZE,
            atime: state.atime,
            mtime: state.mtime,
            ctime: state.ctime,
            btime: Some(state.btime),
            tag: 0,
        }
    }

    pub(super) fn set_attr(&self, set: &SetAttr) -> Result<Attr> {
        let mut state = self.state.write();
        if set.is_empty() {
            return Ok(self.attr_of(&state));
        }
        self.check_set(set)?;
        let now = self.shared.now();
        let time = |set| match set {
            SetTime::Now => now,
            SetTime::To(time) => time,
        };
        if (set.uid.is_some() || set.gid.is_some()) && !self.kind.is_dir() {
            state.strip_set_id();
        }
        state.uid = set.uid.unwrap_or(state.uid);
        state.gid = set.gid.unwrap_or(state.gid);
        state.mode = set.mode.unwrap_or(state.mode);
        state.atime = set.atime.map_or(state.atime, time);
        state.mtime = set.mtime.map_or(state.mtime, time);
        state.ctime = now;
        Ok(self.attr_of(&state))
    }

    fn check_set(&self, set: &SetAttr) -> Result<()> {
        if set.mode.is_some() && self.kind == FileKind::Symlink {
            return Err(Error::unsupported());
        }
        let bad = |time| matches!(time, Some(SetTime::To(time)) if time.nanos > 999_999_999);
        let nobody = set.uid == Some(u32::MAX) || set.gid == Some(u32::MAX);
        if bad(set.atime) || bad(set.mtime) || nobody { Err(Error::new(Errno::INVAL)) } else { Ok(()) }
    }

    pub(super) fn xattr(&self, key: &OsStr) -> Result<Vec<u8>> {
        self.state.read().xattrs.get(key)
    }

    pub(super) fn xattrs(&self) -> Vec<OsString> {
        self.state.read().xattrs.names()
    }

    pub(super) fn set_xattr(&self, key: &OsStr, value: &[u8], how: XattrHow) -> Result<()> {
        let mut state = self.state.write();
        state.xattrs.set(self.kind, key, value, how)?;
        state.ctime = self.shared.now();
        Ok(())
    }

    pub(super) fn remove_xattr(&self, key: &OsStr) -> Result<()> {
        let mut state = self.state.write();
        state.xattrs.remove(self.kind, key)?;
        state.ctime = self.shared.now();
        Ok(())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.shared.unregister(self.inode);
        self.shared.inodes.give(1);
        match &mut self.state.get_mut().body {
            Body::File(content) => self.shared.pages.give(content.pages()),
            Body::Dir(names) => drop_tree(names.drain().collect()),
            _ => {}
        }
    }
}

/// Drops inodes and all that only they hold: in a loop, as a deep tree would overflow the stack.
fn drop_tree(mut nodes: Vec<Arc<Node>>) {
    while let Some(node) = nodes.pop() {
        if let Some(mut node) = Arc::into_inner(node)
            && let Body::Dir(names) = &mut node.state.get_mut().body
        {
            nodes.extend(names.drain());
        }
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.kind, self.inode)
    }
}
