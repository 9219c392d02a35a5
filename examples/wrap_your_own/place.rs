use std::any::Any;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cachefs_vfs::{
    Access, Attr, Caps, Cookie, CreateHow, DirEntry, Errno, Error, FileId, FsStat, Mode, Name, NodeKind,
    Object, OpenHow, Opened, Owner, RemoveKind, RenameHow, Result, SetAttr, Sink, VDir, VFile, VNode, Vfs,
    Watch, WatchHow, Watcher, XattrHow,
};

use crate::shelf::Shelf;

/// The shelf as a filesystem.
#[derive(Clone, Debug)]
pub(crate) struct ShelfFs {
    pub(crate) shelf: Arc<Shelf>,
}

/// A path on the shelf, as a directory or a file: whatever it is asked to be.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) path: PathBuf,
}

impl Place {
    /// The one trick: a directory is its path, and a name in it is joined to that.
    fn join(&self, name: Name<'_>) -> Self {
        Self { shelf: Arc::clone(&self.shelf), path: self.path.join(name.as_os_str()) }
    }

    fn opened<T: ?Sized>(self, handle: impl FnOnce(Self) -> Arc<T>) -> Result<Opened<Arc<T>>> {
        let attr = self.shelf.attr(&self.path)?;
        Ok(Opened { handle: handle(self), attr })
    }
}

impl Vfs for ShelfFs {
    fn caps(&self) -> Caps {
        Caps::minimal()
    }

    fn root(&self) -> Result<Arc<dyn VDir>> {
        Ok(Arc::new(Place { shelf: Arc::clone(&self.shelf), path: PathBuf::new() }))
    }

    fn stat_fs(&self) -> Result<FsStat> {
        Err(Error::unsupported())
    }

    fn open_id(&self, _id: FileId) -> Result<Opened<Object>> {
        Err(Error::unsupported())
    }

    fn watch(&self, _how: WatchHow, _watcher: Arc<dyn Watcher>) -> Result<Arc<dyn Watch>> {
        Err(Error::unsupported())
    }

    /// A shelf keeps nothing that it would have to forget.
    fn touched(&self, _id: FileId) {}
}

impl VNode for Place {
    fn attr(&self) -> Result<Attr> {
        self.shelf.attr(&self.path)
    }

    fn set_attr(&self, _set: &SetAttr) -> Result<Attr> {
        Err(Error::unsupported())
    }

    fn xattr(&self, _key: &OsStr) -> Result<Vec<u8>> {
        Err(Error::unsupported())
    }

    fn xattrs(&self) -> Result<Vec<OsString>> {
        Err(Error::unsupported())
    }

    fn set_xattr(&self, _key: &OsStr, _value: &[u8], _how: XattrHow) -> Result<()> {
        Err(Error::unsupported())
    }

    fn remove_xattr(&self, _key: &OsStr) -> Result<()> {
        Err(Error::unsupported())
    }

    fn watch(&self, _watch: &dyn Watch) -> Result<()> {
        Err(Error::unsupported())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl VDir for Place {
    fn stat(&self, name: Name<'_>) -> Result<Attr> {
        self.join(name).attr()
    }

    fn dir(&self, name: Name<'_>) -> Result<Opened<Arc<dyn VDir>>> {
        let opened = self.join(name).opened(|place| Arc::new(place) as Arc<dyn VDir>)?;
        if opened.attr.kind.is_dir() { Ok(opened) } else { Err(Error::new(Errno::NOTDIR)) }
    }

    fn open(&self, name: Name<'_>, how: OpenHow) -> Result<Opened<Arc<dyn VFile>>> {
        let place = self.join(name);
        if place.attr()?.kind.is_dir() && how.access != Access::Path {
            return Err(Error::new(Errno::ISDIR));
        }
        if how.truncate {
            place.shelf.edit(&place.path, Vec::clear)?;
        }
        place.opened(|place| Arc::new(place) as Arc<dyn VFile>)
    }

    fn create(&self, name: Name<'_>, how: CreateHow, _owner: &Owner) -> Result<Opened<Arc<dyn VFile>>> {
        let place = self.join(name);
        match place.attr() {
            Ok(_) if how.exclusive => return Err(Error::new(Errno::EXIST)),
            Ok(_) => return self.open(name, how.open),
            Err(_) => place.shelf.put(&place.path, Vec::new()),
        }
        place.opened(|place| Arc::new(place) as Arc<dyn VFile>)
    }

    fn make_dir(&self, _name: Name<'_>, _mode: Mode, _owner: &Owner) -> Result<Attr> {
        Err(Error::unsupported())
    }

    fn make_node(&self, _name: Name<'_>, _kind: NodeKind, _mode: Mode, _owner: &Owner) -> Result<Attr> {
        Err(Error::unsupported())
    }

    fn symlink(&self, _name: Name<'_>, _target: &Path, _owner: &Owner) -> Result<Attr> {
        Err(Error::unsupported())
    }

    fn read_link(&self, _name: Name<'_>) -> Result<PathBuf> {
        Err(Error::unsupported())
    }

    fn hard_link(&self, _name: Name<'_>, _to_dir: &dyn VDir, _to: Name<'_>) -> Result<Attr> {
        Err(Error::unsupported())
    }

    fn remove(&self, name: Name<'_>, kind: RemoveKind) -> Result<()> {
        let place = self.join(name);
        match (kind, place.attr()?.kind.is_dir()) {
            (RemoveKind::File, false) => place.shelf.books.lock().remove(&place.path),
            (RemoveKind::File, true) => return Err(Error::new(Errno::ISDIR)),
            (RemoveKind::Dir, true) => return Err(Error::new(Errno::NOTEMPTY)),
            (RemoveKind::Dir, false) => return Err(Error::new(Errno::NOTDIR)),
        };
        Ok(())
    }

    fn rename(&self, name: Name<'_>, to_dir: &dyn VDir, to: Name<'_>, how: RenameHow) -> Result<()> {
        let to_dir = to_dir.as_any().downcast_ref::<Self>().ok_or(Error::new(Errno::XDEV))?;
        if how != RenameHow::Replace || self.stat(name)?.kind.is_dir() {
            return Err(Error::unsupported());
        }
        let mut books = self.shelf.books.lock();
        let book = books.remove(&self.join(name).path).ok_or(Error::new(Errno::NOENT))?;
        books.insert(to_dir.join(to).path, book);
        Ok(())
    }

    fn read_dir(&self, after: Cookie, sink: &mut Sink<'_>) -> Result<()> {
        let mut children: HashMap<OsString, Attr> = HashMap::new();
        let paths: Vec<PathBuf> = self.shelf.books.lock().keys().cloned().collect();
        for path in paths {
            let below = path.strip_prefix(&self.path).ok().and_then(|rest| rest.components().next());
            if let Some(first) = below {
                let child = self.path.join(first);
                children.insert(first.as_os_str().to_os_string(), self.shelf.attr(&child)?);
            }
        }
        // Numbers never change and are never used twice: a listing in their order survives what happens meanwhile.
        let mut children: Vec<_> = children.into_iter().filter(|(_, attr)| attr.id.inode > after.0).collect();
        children.sort_by_key(|(_, attr)| attr.id.inode);
        for (name, attr) in &children {
            let (inode, kind) = (attr.id.inode, Some(attr.kind));
            let name = Name::new(name)?;
            let entry = DirEntry { name, inode, kind, next: Cookie(inode), attr: Some(attr) };
            if sink(entry) == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(())
    }

    fn sync(&self) -> Result<()> {
        Ok(())
    }
}
