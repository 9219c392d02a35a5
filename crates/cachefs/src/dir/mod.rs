//! `CacheDir`: the directory handles of a cache.

mod change;
mod list;
mod look;
mod make;
mod node;
mod open;
mod path;
mod rename;

use std::path::{Path, PathBuf};

use cachefs_vfs::{
    Access, Attr, Cookie, CreateHow, Errno, Error, Mode, Name, NodeKind, OpenHow, Opened, Owner, RemoveKind,
    RenameHow, Result, Sink, VDir, VFile, nowait,
};

use crate::engine::Engine;
use crate::fs::CacheFs;
use crate::handle::Held;
use crate::meta::Node;
use crate::stats::BackingVerb;
use crate::sync::Arc;

pub(crate) use open::check_kind;

/// A directory of a [`CacheFs`]. Holds no descriptor: the backing's is opened when it is needed.
#[derive(Debug)]
pub(crate) struct CacheDir {
    held: Held<CacheFs>,
}

impl CacheDir {
    pub(crate) fn new(fs: &CacheFs, node: &Arc<Node>) -> Self {
        node.io().set_dir();
        Self { held: Held::new(fs, node, Access::Path) }
    }

    /// The handle of a directory that was met at `name`.
    pub(crate) fn below(&self, name: Name<'_>, node: &Arc<Node>) -> Self {
        let handle = Self::new(self.fs(), node);
        node.set_place(self.node(), name);
        handle
    }

    fn fs(&self) -> &CacheFs {
        self.held.home()
    }

    pub(crate) fn engine(&self) -> &Arc<Engine> {
        self.fs().engine()
    }

    pub(crate) fn node(&self) -> &Arc<Node> {
        &self.held.node
    }

    /// The backing's handle.
    pub(crate) fn backing(&self) -> Result<Arc<dyn VDir>> {
        self.engine().dir_handle(self.node())
    }

    /// The other directory of a verb that takes two.
    fn peer<'a>(&self, other: &'a dyn VDir) -> Result<&'a Self> {
        let other = other.as_any().downcast_ref::<Self>();
        other.filter(|other| Arc::ptr_eq(other.engine(), self.engine())).ok_or(Error::new(Errno::XDEV))
    }
}

impl VDir for CacheDir {
    fn stat(&self, name: Name<'_>) -> Result<Attr> {
        self.look(name)
    }

    fn dir(&self, name: Name<'_>) -> Result<Opened<Arc<dyn VDir>>> {
        self.open_dir(name)
    }

    fn open(&self, name: Name<'_>, how: OpenHow) -> Result<Opened<Arc<dyn VFile>>> {
        self.open_file(name, how)
    }

    fn create(&self, name: Name<'_>, how: CreateHow, owner: &Owner) -> Result<Opened<Arc<dyn VFile>>> {
        self.create_file(name, how, owner)
    }

    fn make_dir(&self, name: Name<'_>, mode: Mode, owner: &Owner) -> Result<Attr> {
        self.make(name, BackingVerb::MakeDir, |dir| dir.make_dir(name, mode, owner))
    }

    fn make_node(&self, name: Name<'_>, kind: NodeKind, mode: Mode, owner: &Owner) -> Result<Attr> {
        self.make(name, BackingVerb::MakeNode, |dir| dir.make_node(name, kind, mode, owner))
    }

    fn symlink(&self, name: Name<'_>, target: &Path, owner: &Owner) -> Result<Attr> {
        self.make(name, BackingVerb::Symlink, |dir| dir.symlink(name, target, owner))
    }

    fn read_link(&self, name: Name<'_>) -> Result<PathBuf> {
        let dir = self.backing()?;
        self.engine().backing.call(BackingVerb::ReadLink, || dir.read_link(name))
    }

    fn hard_link(&self, name: Name<'_>, to_dir: &dyn VDir, to: Name<'_>) -> Result<Attr> {
        nowait::check()?;
        self.link(name, self.peer(to_dir)?, to)
    }

    fn remove(&self, name: Name<'_>, kind: RemoveKind) -> Result<()> {
        nowait::check()?;
        self.remove_name(name, kind)
    }

    fn rename(&self, name: Name<'_>, to_dir: &dyn VDir, to: Name<'_>, how: RenameHow) -> Result<()> {
        nowait::check()?;
        self.rename_name(name, self.peer(to_dir)?, to, how)
    }

    fn read_dir(&self, after: Cookie, sink: &mut Sink<'_>) -> Result<()> {
        self.list(after, sink)
    }

    fn sync(&self) -> Result<()> {
        let dir = self.backing()?;
        self.engine().backing.call(BackingVerb::SyncDir, || dir.sync())
    }
}
