use std::any::Any;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cachefs_vfs::{
    Access, Attr, Cookie, CreateHow, Errno, Error, FileId, Mode, Name, NodeKind, OpenHow, Opened, Owner,
    RemoveKind, RenameHow, Result, SetAttr, Sink, Touch, VDir, VFile, VNode, Watch, XattrHow,
};

use super::change::{At, Change, Via};
use super::file::OutsideFile;
use super::places::Place;
use super::side::{Shared, Side};
use super::watch::cover;

/// A directory as one side has it.
#[derive(Debug)]
pub(super) struct OutsideDir {
    pub(super) shared: Arc<Shared>,
    side: Side,
    inner: Arc<dyn VDir>,
    id: FileId,
    /// None for the root, and where it was found by identity.
    place: Option<Arc<Place>>,
}

impl OutsideDir {
    pub(super) fn new(
        shared: &Arc<Shared>,
        side: Side,
        inner: Arc<dyn VDir>,
        id: FileId,
        place: Option<Arc<Place>>,
    ) -> Self {
        shared.handles.opened(id, false);
        Self { shared: Arc::clone(shared), side, inner, id, place }
    }

    pub(super) fn at(&self, name: Name<'_>) -> At {
        (self.id, name.as_os_str().to_os_string())
    }

    fn place(&self, name: Name<'_>) -> Arc<Place> {
        self.shared.places.at(self.at(name))
    }

    /// Another handle of the same filesystem, of whichever side.
    fn own<'a>(&self, other: &'a dyn VDir) -> Result<&'a Self> {
        match other.as_any().downcast_ref::<Self>() {
            Some(dir) if Arc::ptr_eq(&dir.shared, &self.shared) => Ok(dir),
            _ => Err(Error::new(Errno::XDEV)),
        }
    }

    /// Tells of a verb on the directory itself that took effect.
    fn touched<T>(&self, answer: Result<T>) -> Result<T> {
        if answer.is_ok() {
            let via = self.place.as_ref().map_or_else(Via::default, |place| place.via());
            self.shared.tell(self.side, &[Change::inode(self.id, via, Touch::Attr)]);
        }
        answer
    }

    /// What `name` stands for, if somebody wants to hear of it.
    fn child(&self, name: Name<'_>) -> Option<Attr> {
        self.shared.post.is_heard(self.side).then(|| self.inner.stat(name).ok()).flatten()
    }

    /// A handle of a file that was opened, and what is told of that.
    fn opened(
        &self,
        name: Name<'_>,
        how: OpenHow,
        opened: Opened<Arc<dyn VFile>>,
    ) -> (Opened<Arc<dyn VFile>>, Vec<Change>) {
        let Opened { handle, attr } = opened;
        let place = self.place(name);
        let mut changes = Vec::new();
        if how.truncate {
            changes.push(Change::inode(attr.id, place.via(), Touch::Data));
        }
        if how.access != Access::Path {
            changes.push(Change::inode(attr.id, place.via(), Touch::Opened));
        }
        let writes = how.access.writes();
        let file = OutsideFile::new(&self.shared, self.side, handle, attr.id, Some(place), writes);
        (Opened { handle: Arc::new(file), attr }, changes)
    }
}

impl Drop for OutsideDir {
    fn drop(&mut self) {
        if self.shared.handles.closed(self.id, false) {
            self.shared.tell(self.side, &[Change::itself(self.id, Touch::Gone)]);
        }
    }
}

impl VNode for OutsideDir {
    fn attr(&self) -> Result<Attr> {
        self.inner.attr()
    }

    fn set_attr(&self, set: &SetAttr) -> Result<Attr> {
        self.touched(self.inner.set_attr(set))
    }

    fn xattr(&self, key: &OsStr) -> Result<Vec<u8>> {
        self.inner.xattr(key)
    }

    fn xattrs(&self) -> Result<Vec<OsString>> {
        self.inner.xattrs()
    }

    fn set_xattr(&self, key: &OsStr, value: &[u8], how: XattrHow) -> Result<()> {
        self.touched(self.inner.set_xattr(key, value, how))
    }

    fn remove_xattr(&self, key: &OsStr) -> Result<()> {
        self.touched(self.inner.remove_xattr(key))
    }

    fn watch(&self, watch: &dyn Watch) -> Result<()> {
        cover(&self.shared, watch, self.id)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl VDir for OutsideDir {
    fn stat(&self, name: Name<'_>) -> Result<Attr> {
        self.inner.stat(name)
    }

    fn dir(&self, name: Name<'_>) -> Result<Opened<Arc<dyn VDir>>> {
        let Opened { handle, attr } = self.inner.dir(name)?;
        let place = Some(self.place(name));
        Ok(Opened { handle: Arc::new(Self::new(&self.shared, self.side, handle, attr.id, place)), attr })
    }

    fn open(&self, name: Name<'_>, how: OpenHow) -> Result<Opened<Arc<dyn VFile>>> {
        let (opened, changes) = self.opened(name, how, self.inner.open(name, how)?);
        self.shared.tell(self.side, &changes);
        Ok(opened)
    }

    fn create(&self, name: Name<'_>, how: CreateHow, owner: &Owner) -> Result<Opened<Arc<dyn VFile>>> {
        let before = if how.exclusive { None } else { self.child(name) };
        let create = || {
            let opened = self.inner.create(name, how, owner)?;
            let made = if before.is_none() { self.made(name, &opened.attr) } else { Vec::new() };
            let open = OpenHow { truncate: how.open.truncate && made.is_empty(), ..how.open };
            let (opened, changes) = self.opened(name, open, opened);
            Ok((opened, [made, changes].concat()))
        };
        let (opened, _) = self.shared.in_turn(self.side, create, |(_, changes)| changes.clone())?;
        Ok(opened)
    }

    fn make_dir(&self, name: Name<'_>, mode: Mode, owner: &Owner) -> Result<Attr> {
        let make = || self.inner.make_dir(name, mode, owner);
        self.shared.in_turn(self.side, make, |attr| self.made(name, attr))
    }

    fn make_node(&self, name: Name<'_>, kind: NodeKind, mode: Mode, owner: &Owner) -> Result<Attr> {
        let make = || self.inner.make_node(name, kind, mode, owner);
        self.shared.in_turn(self.side, make, |attr| self.made(name, attr))
    }

    fn symlink(&self, name: Name<'_>, target: &Path, owner: &Owner) -> Result<Attr> {
        let make = || self.inner.symlink(name, target, owner);
        self.shared.in_turn(self.side, make, |attr| self.made(name, attr))
    }

    fn read_link(&self, name: Name<'_>) -> Result<PathBuf> {
        self.inner.read_link(name)
    }

    fn hard_link(&self, name: Name<'_>, to_dir: &dyn VDir, to: Name<'_>) -> Result<Attr> {
        let to_dir = self.own(to_dir)?;
        let link = || self.inner.hard_link(name, &*to_dir.inner, to);
        self.shared.in_turn(self.side, link, |attr| {
            [vec![Change::itself(attr.id, Touch::Attr)], to_dir.made(to, attr)].concat()
        })
    }

    fn remove(&self, name: Name<'_>, kind: RemoveKind) -> Result<()> {
        let remove = || {
            let child = self.child(name);
            self.inner.remove(name, kind)?;
            Ok(child)
        };
        let removed = self.shared.in_turn(self.side, remove, |child| {
            self.shared.places.removed(&self.at(name));
            let gone = Change::Removed { at: self.at(name), child: child.map(|attr| attr.id) };
            let left = child.iter().flat_map(|attr| self.lost_name(attr));
            std::iter::once(gone).chain(left).collect()
        });
        removed.map(drop)
    }

    fn rename(&self, name: Name<'_>, to_dir: &dyn VDir, to: Name<'_>, how: RenameHow) -> Result<()> {
        let to_dir = self.own(to_dir)?;
        let rename = || {
            let children = [self.child(name), to_dir.child(to)];
            self.inner.rename(name, &*to_dir.inner, to, how)?;
            Ok(children)
        };
        let told = |of: &[Option<Attr>; 2]| self.renamed(&self.at(name), &to_dir.at(to), how, *of);
        self.shared.in_turn(self.side, rename, told).map(drop)
    }

    fn read_dir(&self, after: Cookie, sink: &mut Sink<'_>) -> Result<()> {
        self.inner.read_dir(after, sink)
    }

    fn sync(&self) -> Result<()> {
        self.inner.sync()
    }
}
