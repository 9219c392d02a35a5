use std::any::Any;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::file::ViewFile;
use super::rules::Rules;
use crate::{
    Attr, Cookie, CreateHow, Errno, Error, Mode, Name, NodeKind, OpenHow, Opened, Owner, RemoveKind,
    RenameHow, Result, SetAttr, Sink, VDir, VFile, VNode, Watch, XattrHow,
};

/// A directory of a view.
#[derive(Debug)]
pub(super) struct ViewDir {
    inner: Arc<dyn VDir>,
    rules: Arc<Rules>,
}

impl ViewDir {
    pub(super) fn wrap(inner: Arc<dyn VDir>, rules: &Arc<Rules>) -> Arc<dyn VDir> {
        Arc::new(Self { inner, rules: Arc::clone(rules) })
    }

    fn wrap_file(&self, opened: Opened<Arc<dyn VFile>>, how: OpenHow) -> Opened<Arc<dyn VFile>> {
        Opened { handle: ViewFile::wrap(opened.handle, how.access, &self.rules), attr: opened.attr }
    }

    /// What the other directory of a verb stands for, if it is of the same view.
    fn peer<'a>(&self, dir: &'a dyn VDir) -> Result<&'a dyn VDir> {
        let peer = dir.as_any().downcast_ref::<Self>().ok_or(Error::new(Errno::XDEV))?;
        self.rules.same(&peer.rules)?;
        Ok(&*peer.inner)
    }
}

impl VNode for ViewDir {
    fn attr(&self) -> Result<Attr> {
        self.inner.attr()
    }

    fn set_attr(&self, set: &SetAttr) -> Result<Attr> {
        if !set.is_empty() {
            self.rules.change()?;
        }
        self.inner.set_attr(set)
    }

    fn xattr(&self, key: &OsStr) -> Result<Vec<u8>> {
        self.inner.xattr(key)
    }

    fn xattrs(&self) -> Result<Vec<OsString>> {
        self.inner.xattrs()
    }

    fn set_xattr(&self, key: &OsStr, value: &[u8], how: XattrHow) -> Result<()> {
        self.rules.change()?;
        self.inner.set_xattr(key, value, how)
    }

    fn remove_xattr(&self, key: &OsStr) -> Result<()> {
        self.rules.change()?;
        self.inner.remove_xattr(key)
    }

    fn watch(&self, watch: &dyn Watch) -> Result<()> {
        self.inner.watch(watch)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl VDir for ViewDir {
    fn stat(&self, name: Name<'_>) -> Result<Attr> {
        self.inner.stat(name)
    }

    fn dir(&self, name: Name<'_>) -> Result<Opened<Arc<dyn VDir>>> {
        let Opened { handle, attr } = self.inner.dir(name)?;
        Ok(Opened { handle: Self::wrap(handle, &self.rules), attr })
    }

    fn open(&self, name: Name<'_>, how: OpenHow) -> Result<Opened<Arc<dyn VFile>>> {
        if how.access.writes() || how.truncate {
            self.rules.change()?;
        }
        Ok(self.wrap_file(self.inner.open(name, how)?, how))
    }

    fn create(&self, name: Name<'_>, how: CreateHow, owner: &Owner) -> Result<Opened<Arc<dyn VFile>>> {
        let Err(refused) = self.rules.change() else {
            return Ok(self.wrap_file(self.inner.create(name, how, owner)?, how.open));
        };
        if how.exclusive {
            return Err(refused);
        }
        // Nothing is created where the name is there already.
        self.open(name, how.open).map_err(|error| if error.is_not_found() { refused } else { error })
    }

    fn make_dir(&self, name: Name<'_>, mode: Mode, owner: &Owner) -> Result<Attr> {
        self.rules.change()?;
        self.inner.make_dir(name, mode, owner)
    }

    fn make_node(&self, name: Name<'_>, kind: NodeKind, mode: Mode, owner: &Owner) -> Result<Attr> {
        self.rules.change()?;
        self.inner.make_node(name, kind, mode, owner)
    }

    fn symlink(&self, name: Name<'_>, target: &Path, owner: &Owner) -> Result<Attr> {
        self.rules.change()?;
        self.inner.symlink(name, target, owner)
    }

    fn read_link(&self, name: Name<'_>) -> Result<PathBuf> {
        self.inner.read_link(name)
    }

    fn hard_link(&self, name: Name<'_>, to_dir: &dyn VDir, to: Name<'_>) -> Result<Attr> {
        let to_dir = self.peer(to_dir)?;
        self.rules.change()?;
        self.inner.hard_link(name, to_dir, to)
    }

    fn remove(&self, name: Name<'_>, kind: RemoveKind) -> Result<()> {
        self.rules.change()?;
        self.inner.remove(name, kind)
    }

    fn rename(&self, name: Name<'_>, to_dir: &dyn VDir, to: Name<'_>, how: RenameHow) -> Result<()> {
        let to_dir = self.peer(to_dir)?;
        self.rules.change()?;
        self.inner.rename(name, to_dir, to, how)
    }

    fn read_dir(&self, after: Cookie, sink: &mut Sink<'_>) -> Result<()> {
        self.inner.read_dir(after, sink)
    }

    fn sync(&self) -> Result<()> {
        self.inner.sync()
    }
}
