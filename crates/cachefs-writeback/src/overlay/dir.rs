use std::any::Any;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use cachefs_vfs::{
    Attr, Cookie, CreateHow, DirEntry, Errno, Error, Mode, Name, NodeKind, OpenHow, Opened, Owner,
    RemoveKind, RenameHow, Result, SetAttr, Sink, VDir, VFile, VNode, Watch, XattrHow, nowait,
};

use super::Place;
use super::shared::Shared;
use crate::sync::Arc;

/// A directory of a write-back. Nothing about a directory is ever dirty, but what it tells of its files may be.
#[derive(Debug)]
pub(super) struct WriteDir {
    pub(super) shared: Arc<Shared>,
    pub(super) inner: Arc<dyn VDir>,
    pub(super) place: Arc<Place>,
}

impl WriteDir {
    pub(super) fn wrap(shared: &Arc<Shared>, inner: Arc<dyn VDir>, place: Arc<Place>) -> Arc<dyn VDir> {
        Arc::new(Self { shared: Arc::clone(shared), inner, place })
    }

    /// Another directory of the same write-back.
    fn own<'a>(&self, other: &'a dyn VDir) -> Result<&'a Self> {
        match other.as_any().downcast_ref::<Self>() {
            Some(dir) if Arc::ptr_eq(&dir.shared, &self.shared) => Ok(dir),
            _ => Err(Error::new(Errno::XDEV)),
        }
    }
}

impl VNode for WriteDir {
    fn attr(&self) -> Result<Attr> {
        nowait::check()?;
        self.inner.attr()
    }

    fn set_attr(&self, set: &SetAttr) -> Result<Attr> {
        nowait::check()?;
        self.inner.set_attr(set)
    }

    fn xattr(&self, key: &OsStr) -> Result<Vec<u8>> {
        nowait::check()?;
        self.inner.xattr(key)
    }

    fn xattrs(&self) -> Result<Vec<OsString>> {
        nowait::check()?;
        self.inner.xattrs()
    }

    fn set_xattr(&self, key: &OsStr, value: &[u8], how: XattrHow) -> Result<()> {
        nowait::check()?;
        self.inner.set_xattr(key, value, how)
    }

    fn remove_xattr(&self, key: &OsStr) -> Result<()> {
        nowait::check()?;
        self.inner.remove_xattr(key)
    }

    fn watch(&self, watch: &dyn Watch) -> Result<()> {
        self.inner.watch(watch)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl VDir for WriteDir {
    fn stat(&self, name: Name<'_>) -> Result<Attr> {
        nowait::check()?;
        self.shared.attr(|| self.inner.stat(name))
    }

    fn dir(&self, name: Name<'_>) -> Result<Opened<Arc<dyn VDir>>> {
        nowait::check()?;
        let _shared = self.shared.names.share(self.place.id(), name);
        let opened = self.inner.dir(name)?;
        let place = self.shared.places.child(&self.place, name, opened.attr.id);
        Ok(Opened { handle: Self::wrap(&self.shared, opened.handle, place), attr: opened.attr })
    }

    fn open(&self, name: Name<'_>, how: OpenHow) -> Result<Opened<Arc<dyn VFile>>> {
        nowait::check()?;
        self.open_file(name, how)
    }

    fn create(&self, name: Name<'_>, how: CreateHow, owner: &Owner) -> Result<Opened<Arc<dyn VFile>>> {
        nowait::check()?;
        self.create_file(name, how, owner)
    }

    fn make_dir(&self, name: Name<'_>, mode: Mode, owner: &Owner) -> Result<Attr> {
        nowait::check()?;
        self.inner.make_dir(name, mode, owner)
    }

    fn make_node(&self, name: Name<'_>, kind: NodeKind, mode: Mode, owner: &Owner) -> Result<Attr> {
        nowait::check()?;
        self.inner.make_node(name, kind, mode, owner)
    }

    fn symlink(&self, name: Name<'_>, target: &Path, owner: &Owner) -> Result<Attr> {
        nowait::check()?;
        self.inner.symlink(name, target, owner)
    }

    fn read_link(&self, name: Name<'_>) -> Result<PathBuf> {
        nowait::check()?;
        self.inner.read_link(name)
    }

    fn hard_link(&self, name: Name<'_>, to_dir: &dyn VDir, to: Name<'_>) -> Result<Attr> {
        nowait::check()?;
        self.link_file(name, self.own(to_dir)?, to)
    }

    fn remove(&self, name: Name<'_>, kind: RemoveKind) -> Result<()> {
        nowait::check()?;
        match kind {
            RemoveKind::File => self.remove_file(name),
            // An empty directory has nothing dirty in it.
            RemoveKind::Dir => {
                let _alone = self.shared.names.take(self.place.id(), name);
                self.inner.remove(name, kind)?;
                self.shared.places.removed(&self.place, name);
                Ok(())
            }
        }
    }

    fn rename(&self, name: Name<'_>, to_dir: &dyn VDir, to: Name<'_>, how: RenameHow) -> Result<()> {
        nowait::check()?;
        self.move_name(name, self.own(to_dir)?, to, how)
    }

    fn read_dir(&self, after: Cookie, sink: &mut Sink<'_>) -> Result<()> {
        nowait::check()?;
        let asked = self.shared.core.asked();
        let mut laid_over = |entry: DirEntry<'_>| {
            let attr = entry.attr.and_then(|attr| self.shared.core.attr_of(*attr, asked));
            sink(DirEntry { attr: attr.as_ref(), ..entry })
        };
        self.inner.read_dir(after, &mut laid_over)
    }

    fn sync(&self) -> Result<()> {
        nowait::check()?;
        self.shared.core.sync_dir(&self.place)?;
        self.inner.sync()
    }
}
