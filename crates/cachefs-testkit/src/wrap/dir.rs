use std::any::Any;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cachefs_vfs::{
    Attr, Cookie, CreateHow, DirEntry, Errno, Error, Mode, Name, NodeKind, OpenHow, Opened, Owner,
    RemoveKind, RenameHow, Result, SetAttr, Sink, VDir, VFile, VNode, Watch, XattrHow,
};

use super::{Call, CallKind, Intercept, Seam, Target, WrapFile};

/// A directory of a wrapper.
#[derive(Debug)]
pub(super) struct WrapDir<I> {
    seam: Arc<Seam<I>>,
    inner: Arc<dyn VDir>,
    path: PathBuf,
}

impl<I: Intercept> WrapDir<I> {
    pub(super) fn wrap(seam: &Arc<Seam<I>>, inner: Arc<dyn VDir>, path: PathBuf) -> Arc<dyn VDir> {
        Arc::new(Self { seam: Arc::clone(seam), inner, path })
    }

    /// A call about this directory itself.
    fn here(&self, kind: CallKind) -> Call<'_> {
        Call::new(kind, &self.path)
    }

    /// A call about a name in it.
    fn at<'a>(&'a self, kind: CallKind, name: Name<'a>) -> Call<'a> {
        Call { name: Some(name.as_os_str()), ..Call::new(kind, &self.path) }
    }

    /// Another handle of the same wrapper.
    fn own<'a>(&self, other: &'a dyn VDir) -> Result<&'a Self> {
        match other.as_any().downcast_ref::<Self>() {
            Some(dir) if Arc::ptr_eq(&dir.seam, &self.seam) => Ok(dir),
            _ => Err(Error::new(Errno::XDEV)),
        }
    }

    /// The path of a child, where paths are kept.
    fn child(&self, name: Name<'_>) -> PathBuf {
        if I::PATHS { self.path.join(name.as_os_str()) } else { PathBuf::new() }
    }

    /// A verb on a name that answers its attributes.
    fn node(&self, kind: CallKind, name: Name<'_>, verb: impl FnOnce() -> Result<Attr>) -> Result<Attr> {
        let attr = self.seam.run(&self.at(kind, name), verb)?;
        self.seam.saw(attr.id, || self.child(name));
        Ok(attr)
    }

    fn file(&self, name: Name<'_>, opened: Opened<Arc<dyn VFile>>) -> Opened<Arc<dyn VFile>> {
        self.seam.saw(opened.attr.id, || self.child(name));
        let (at, name) = if I::PATHS {
            (self.path.clone(), Some(name.as_os_str().into()))
        } else {
            (PathBuf::new(), None)
        };
        Opened { handle: WrapFile::wrap(&self.seam, opened.handle, at, name), attr: opened.attr }
    }
}

impl<I: Intercept> VNode for WrapDir<I> {
    fn attr(&self) -> Result<Attr> {
        self.seam.run(&self.here(CallKind::Attr), || self.inner.attr())
    }

    fn set_attr(&self, set: &SetAttr) -> Result<Attr> {
        self.seam.run(&self.here(CallKind::SetAttr), || self.inner.set_attr(set))
    }

    fn xattr(&self, key: &OsStr) -> Result<Vec<u8>> {
        self.seam.run(&self.here(CallKind::Xattr), || self.inner.xattr(key))
    }

    fn xattrs(&self) -> Result<Vec<OsString>> {
        self.seam.run(&self.here(CallKind::Xattrs), || self.inner.xattrs())
    }

    fn set_xattr(&self, key: &OsStr, value: &[u8], how: XattrHow) -> Result<()> {
        self.seam.run(&self.here(CallKind::SetXattr), || self.inner.set_xattr(key, value, how))
    }

    fn remove_xattr(&self, key: &OsStr) -> Result<()> {
        self.seam.run(&self.here(CallKind::RemoveXattr), || self.inner.remove_xattr(key))
    }

    fn watch(&self, watch: &dyn Watch) -> Result<()> {
        self.seam.run(&self.here(CallKind::Cover), || self.inner.watch(watch))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl<I: Intercept> VDir for WrapDir<I> {
    fn stat(&self, name: Name<'_>) -> Result<Attr> {
        self.node(CallKind::Stat, name, || self.inner.stat(name))
    }

    fn dir(&self, name: Name<'_>) -> Result<Opened<Arc<dyn VDir>>> {
        let opened = self.seam.run(&self.at(CallKind::Dir, name), || self.inner.dir(name))?;
        self.seam.saw(opened.attr.id, || self.child(name));
        Ok(Opened { handle: Self::wrap(&self.seam, opened.handle, self.child(name)), attr: opened.attr })
    }

    fn open(&self, name: Name<'_>, how: OpenHow) -> Result<Opened<Arc<dyn VFile>>> {
        let opened = self.seam.run(&self.at(CallKind::Open, name), || self.inner.open(name, how))?;
        Ok(self.file(name, opened))
    }

    fn create(&self, name: Name<'_>, how: CreateHow, owner: &Owner) -> Result<Opened<Arc<dyn VFile>>> {
        let call = self.at(CallKind::Create, name);
        let opened = self.seam.run(&call, || self.inner.create(name, how, owner))?;
        Ok(self.file(name, opened))
    }

    fn make_dir(&self, name: Name<'_>, mode: Mode, owner: &Owner) -> Result<Attr> {
        self.node(CallKind::MakeDir, name, || self.inner.make_dir(name, mode, owner))
    }

    fn make_node(&self, name: Name<'_>, kind: NodeKind, mode: Mode, owner: &Owner) -> Result<Attr> {
        self.node(CallKind::MakeNode, name, || self.inner.make_node(name, kind, mode, owner))
    }

    fn symlink(&self, name: Name<'_>, target: &Path, owner: &Owner) -> Result<Attr> {
        self.node(CallKind::Symlink, name, || self.inner.symlink(name, target, owner))
    }

    fn read_link(&self, name: Name<'_>) -> Result<PathBuf> {
        self.seam.run(&self.at(CallKind::ReadLink, name), || self.inner.read_link(name))
    }

    fn hard_link(&self, name: Name<'_>, to_dir: &dyn VDir, to: Name<'_>) -> Result<Attr> {
        let to_dir = self.own(to_dir)?;
        let target = Target { at: &to_dir.path, name: to.as_os_str() };
        let call = Call { to: Some(target), ..self.at(CallKind::HardLink, name) };
        self.seam.run(&call, || self.inner.hard_link(name, &*to_dir.inner, to))
    }

    fn remove(&self, name: Name<'_>, kind: RemoveKind) -> Result<()> {
        self.seam.run(&self.at(CallKind::Remove, name), || self.inner.remove(name, kind))
    }

    fn rename(&self, name: Name<'_>, to_dir: &dyn VDir, to: Name<'_>, how: RenameHow) -> Result<()> {
        let to_dir = self.own(to_dir)?;
        let target = Target { at: &to_dir.path, name: to.as_os_str() };
        let call = Call { to: Some(target), ..self.at(CallKind::Rename, name) };
        self.seam.run(&call, || self.inner.rename(name, &*to_dir.inner, to, how))
    }

    fn read_dir(&self, after: Cookie, sink: &mut Sink<'_>) -> Result<()> {
        let mut seen = |entry: DirEntry<'_>| {
            if let Some(attr) = entry.attr {
                self.seam.saw(attr.id, || self.child(entry.name));
            }
            sink(entry)
        };
        self.seam.run(&self.here(CallKind::ReadDir), || self.inner.read_dir(after, &mut seen))
    }

    fn sync(&self) -> Result<()> {
        self.seam.run(&self.here(CallKind::SyncDir), || self.inner.sync())
    }
}
