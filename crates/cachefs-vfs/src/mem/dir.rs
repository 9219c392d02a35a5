use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::file::MemFile;
use super::node::Node;
use super::vnode::impl_vnode;
use crate::{
    Attr, Cookie, CreateHow, DirEntry, Errno, Error, FileKind, Mode, Name, NodeKind, OpenHow, Opened, Owner,
    RemoveKind, RenameHow, Result, Sink, VDir, VFile,
};

/// How many entries a listing takes along at a time: the sink is called with nothing locked.
const BATCH: usize = 64;

/// A directory of a [`super::MemFs`].
#[derive(Debug)]
pub(super) struct MemDir {
    node: Arc<Node>,
}

impl MemDir {
    pub(super) fn new(node: Arc<Node>) -> Self {
        Self { node }
    }

    fn lookup(&self, name: Name<'_>) -> Result<Arc<Node>> {
        let state = self.node.state.read();
        state.names()?.get(name).cloned().ok_or(Error::new(Errno::NOENT))
    }

    /// The other directory of a verb, if it is of the same filesystem.
    fn peer<'a>(&self, dir: &'a dyn VDir) -> Result<&'a Arc<Node>> {
        match dir.as_any().downcast_ref::<Self>() {
            Some(peer) if Arc::ptr_eq(&peer.node.shared, &self.node.shared) => Ok(&peer.node),
            _ => Err(Error::new(Errno::XDEV)),
        }
    }
}

impl_vnode!(MemDir);

impl VDir for MemDir {
    fn stat(&self, name: Name<'_>) -> Result<Attr> {
        Ok(self.lookup(name)?.attr())
    }

    fn dir(&self, name: Name<'_>) -> Result<Opened<Arc<dyn VDir>>> {
        let node = self.lookup(name)?;
        if !node.kind.is_dir() {
            return Err(Error::new(Errno::NOTDIR));
        }
        let attr = node.attr();
        Ok(Opened { handle: Arc::new(Self { node }), attr })
    }

    fn open(&self, name: Name<'_>, how: OpenHow) -> Result<Opened<Arc<dyn VFile>>> {
        MemFile::open(self.lookup(name)?, how)
    }

    fn create(&self, name: Name<'_>, how: CreateHow, owner: &Owner) -> Result<Opened<Arc<dyn VFile>>> {
        let (node, new) = self.node.create(name, NodeKind::Regular, how.mode, owner)?;
        if new {
            return MemFile::open(node, OpenHow { truncate: false, ..how.open });
        }
        if how.exclusive { Err(Error::new(Errno::EXIST)) } else { MemFile::open(node, how.open) }
    }

    fn make_dir(&self, name: Name<'_>, mode: Mode, owner: &Owner) -> Result<Attr> {
        self.node.make_dir(name, mode, owner)
    }

    fn make_node(&self, name: Name<'_>, kind: NodeKind, mode: Mode, owner: &Owner) -> Result<Attr> {
        let (node, new) = self.node.create(name, kind, mode, owner)?;
        if new { Ok(node.attr()) } else { Err(Error::new(Errno::EXIST)) }
    }

    fn symlink(&self, name: Name<'_>, target: &Path, owner: &Owner) -> Result<Attr> {
        self.node.symlink(name, target, owner)
    }

    fn read_link(&self, name: Name<'_>) -> Result<PathBuf> {
        self.lookup(name)?.target()
    }

    fn hard_link(&self, name: Name<'_>, to_dir: &dyn VDir, to: Name<'_>) -> Result<Attr> {
        self.node.hard_link(name, self.peer(to_dir)?, to)
    }

    fn remove(&self, name: Name<'_>, kind: RemoveKind) -> Result<()> {
        self.node.remove(name, kind)
    }

    fn rename(&self, name: Name<'_>, to_dir: &dyn VDir, to: Name<'_>, how: RenameHow) -> Result<()> {
        self.node.rename(name, self.peer(to_dir)?, to, how)
    }

    fn read_dir(&self, after: Cookie, sink: &mut Sink<'_>) -> Result<()> {
        let mut after = after;
        loop {
            let batch = {
                let state = self.node.state.read();
                if state.links == 0 {
                    return Err(Error::new(Errno::NOENT));
                }
                state.names()?.after(after, BATCH)
            };
            for entry in &batch {
                let attr = entry.node.attr();
                let name = Name::new(&*entry.name)?;
                let inode = attr.id.inode;
                let kind: Option<FileKind> = Some(attr.kind);
                let entry = DirEntry { name, inode, kind, next: entry.cookie, attr: Some(&attr) };
                if sink(entry) == ControlFlow::Break(()) {
                    return Ok(());
                }
            }
            match batch.last() {
                Some(last) if batch.len() == BATCH => after = last.cookie,
                _ => return Ok(()),
            }
        }
    }

    fn sync(&self) -> Result<()> {
        Ok(())
    }
}
