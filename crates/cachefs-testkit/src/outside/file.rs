use std::any::Any;
use std::ffi::{OsStr, OsString};
use std::io::IoSliceMut;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;

use cachefs_vfs::{
    Access, AllocateHow, Attr, Errno, Error, FileId, OpenHow, Privileges, Result, SeekTo, SetAttr, SyncHow,
    Touch, VFile, VNode, Watch, XattrHow,
};

use super::change::{Change, Via};
use super::places::Place;
use super::side::{Shared, Side};
use super::watch::cover;

/// A file as one side has it.
#[derive(Debug)]
pub(super) struct OutsideFile {
    shared: Arc<Shared>,
    side: Side,
    inner: Arc<dyn VFile>,
    id: FileId,
    place: Option<Arc<Place>>,
    writes: bool,
}

impl OutsideFile {
    pub(super) fn new(
        shared: &Arc<Shared>,
        side: Side,
        inner: Arc<dyn VFile>,
        id: FileId,
        place: Option<Arc<Place>>,
        writes: bool,
    ) -> Self {
        shared.handles.opened(id, writes);
        Self { shared: Arc::clone(shared), side, inner, id, place, writes }
    }

    fn change(&self, touch: Touch) -> Change {
        let via = self.place.as_ref().map_or_else(Via::default, |place| place.via());
        Change::inode(self.id, via, touch)
    }

    /// Tells of a verb that took effect.
    fn told<T>(&self, touch: Touch, answer: Result<T>) -> Result<T> {
        if answer.is_ok() {
            self.shared.tell(self.side, &[self.change(touch)]);
        }
        answer
    }

    /// Tells of a verb that moved bytes, if it moved any.
    fn wrote<T: Default + PartialEq>(&self, answer: Result<T>) -> Result<T> {
        match answer {
            Ok(count) if count == T::default() => Ok(count),
            answer => self.told(Touch::Data, answer),
        }
    }
}

impl Drop for OutsideFile {
    fn drop(&mut self) {
        let mut changes = Vec::new();
        if self.writes {
            changes.push(self.change(Touch::Data));
        }
        if self.shared.handles.closed(self.id, self.writes) {
            changes.push(Change::itself(self.id, Touch::Gone));
        }
        self.shared.tell(self.side, &changes);
    }
}

impl VNode for OutsideFile {
    fn attr(&self) -> Result<Attr> {
        self.inner.attr()
    }

    fn set_attr(&self, set: &SetAttr) -> Result<Attr> {
        self.told(Touch::Attr, self.inner.set_attr(set))
    }

    fn xattr(&self, key: &OsStr) -> Result<Vec<u8>> {
        self.inner.xattr(key)
    }

    fn xattrs(&self) -> Result<Vec<OsString>> {
        self.inner.xattrs()
    }

    fn set_xattr(&self, key: &OsStr, value: &[u8], how: XattrHow) -> Result<()> {
        self.told(Touch::Attr, self.inner.set_xattr(key, value, how))
    }

    fn remove_xattr(&self, key: &OsStr) -> Result<()> {
        self.told(Touch::Attr, self.inner.remove_xattr(key))
    }

    fn watch(&self, watch: &dyn Watch) -> Result<()> {
        cover(&self.shared, watch, self.id)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl VFile for OutsideFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        self.inner.read_at(buffer, offset)
    }

    fn read_many(&self, buffers: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
        self.inner.read_many(buffers, offset)
    }

    fn write_at(&self, data: &[u8], offset: u64, privileges: Privileges) -> Result<usize> {
        self.wrote(self.inner.write_at(data, offset, privileges))
    }

    fn append(&self, data: &[u8], privileges: Privileges) -> Result<usize> {
        self.wrote(self.inner.append(data, privileges))
    }

    fn set_len(&self, length: u64, privileges: Privileges) -> Result<Attr> {
        self.told(Touch::Data, self.inner.set_len(length, privileges))
    }

    fn allocate(&self, how: AllocateHow, offset: u64, length: u64, privileges: Privileges) -> Result<()> {
        self.told(Touch::Data, self.inner.allocate(how, offset, length, privileges))
    }

    fn copy_range(
        &self,
        offset: u64,
        to: &dyn VFile,
        to_offset: u64,
        length: u64,
        privileges: Privileges,
    ) -> Result<u64> {
        let to = match to.as_any().downcast_ref::<Self>() {
            Some(to) if Arc::ptr_eq(&to.shared, &self.shared) => to,
            _ => return Err(Error::new(Errno::XDEV)),
        };
        to.wrote(self.inner.copy_range(offset, &*to.inner, to_offset, length, privileges))
    }

    fn seek(&self, offset: u64, to: SeekTo) -> Result<u64> {
        self.inner.seek(offset, to)
    }

    fn sync(&self, how: SyncHow) -> Result<()> {
        self.inner.sync(how)
    }

    fn reopen(&self, how: OpenHow) -> Result<Arc<dyn VFile>> {
        let inner = self.inner.reopen(how)?;
        let (place, writes) = (self.place.clone(), how.access.writes());
        let file = Self::new(&self.shared, self.side, inner, self.id, place, writes);
        if how.access != Access::Path {
            self.shared.tell(self.side, &[self.change(Touch::Opened)]);
        }
        Ok(Arc::new(file))
    }

    fn read_link(&self) -> Result<PathBuf> {
        self.inner.read_link()
    }

    fn has_writer(&self) -> Result<bool> {
        Ok(self.shared.handles.has_writer(self.id))
    }

    /// None: a change through the descriptor would be told to nobody.
    fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    fn descriptor(&self) -> Result<OwnedFd> {
        Err(Error::unsupported())
    }
}
