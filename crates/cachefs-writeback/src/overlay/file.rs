use std::any::Any;
use std::ffi::{OsStr, OsString};
use std::io::IoSliceMut;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::OnceLock;

use cachefs_vfs::{
    AllocateHow, Attr, Error, FileId, OpenHow, Privileges, Result, SeekTo, SetAttr, SyncHow, VFile, VNode,
    Watch, XattrHow, nowait,
};

use super::shared::Shared;
use super::{Held, Place};
use crate::core::Target;
use crate::dirty::ErrorsSeen;
use crate::sync::Arc;

/// A file of a write-back.
#[derive(Debug)]
pub(super) struct WriteFile {
    pub(super) shared: Arc<Shared>,
    pub(super) inner: Arc<dyn VFile>,
    pub(super) id: FileId,
    /// Only these are ever dirty.
    pub(super) is_regular: bool,
    /// How it was opened; `None` if for as much as its permissions allow, whatever that is.
    how: Option<OpenHow>,
    writes: OnceLock<bool>,
    pub(super) place: Arc<Place>,
    errors: ErrorsSeen,
    held: Option<Held>,
}

impl WriteFile {
    pub(super) fn new(
        shared: &Arc<Shared>,
        inner: Arc<dyn VFile>,
        attr: &Attr,
        how: Option<OpenHow>,
        place: Arc<Place>,
    ) -> Self {
        let is_regular = attr.kind.is_regular();
        Self {
            inner,
            id: attr.id,
            is_regular,
            how,
            writes: OnceLock::new(),
            place,
            errors: ErrorsSeen::default(),
            held: is_regular.then(|| shared.handles.hold(attr.id, attr.links)),
            shared: Arc::clone(shared),
        }
    }

    fn target(&self) -> Target<'_> {
        Target { id: self.id, handle: &self.inner, place: &self.place, errors: &self.errors }
    }

    fn reads(&self) -> bool {
        self.is_regular && self.how.is_none_or(|how| how.access.reads())
    }

    /// Whether it may be written to. Of a handle for as much as is allowed, the backing tells when asked to append
    /// nothing.
    fn writes(&self) -> bool {
        let asked = || self.inner.append(&[], Privileges::Keep).is_ok();
        self.is_regular
            && match self.how {
                Some(how) => how.access.writes(),
                None => *self.writes.get_or_init(asked),
            }
    }

    /// Has the backing know all that was written before.
    fn flush(&self) -> Result<()> {
        match self.shared.core.table.get(self.id) {
            Some(dirty) if dirty.is_dirty() => self.shared.core.flush_file(&dirty),
            _ => Ok(()),
        }
    }

    /// A verb that moves ctime and nothing else that matters.
    fn changing<T>(&self, flush_first: bool, verb: impl FnOnce() -> Result<T>) -> Result<T> {
        nowait::check()?;
        if !self.is_regular {
            return verb();
        }
        let turn = self.shared.core.turn(self.id)?;
        if flush_first && turn.is_dirty() {
            turn.flush_and_hold()?;
        }
        turn.changing(verb, |_| None)
    }

    /// A verb on the bytes that only the backing can do.
    fn through<T>(&self, verb: impl FnOnce() -> Result<T>) -> Result<T> {
        nowait::check()?;
        if !self.writes() {
            return verb();
        }
        self.shared.core.turn(self.id)?.through(verb)
    }

    fn read(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        if !self.reads() {
            return self.inner.read_at(buffer, offset);
        }
        let direct = self.how.is_some_and(|how| how.direct);
        match self.shared.core.table.get(self.id) {
            Some(dirty) if !direct => self.shared.core.read(&dirty, &*self.inner, buffer, offset),
            Some(_) => {
                nowait::check()?;
                self.flush()?;
                self.inner.read_at(buffer, offset)
            }
            None => {
                nowait::check()?;
                self.inner.read_at(buffer, offset)
            }
        }
    }
}

/// Whether a file that long may be more than the backing has room for in one: it is asked at once, so that who writes
/// is told.
fn is_far(offset: u64, length: usize) -> bool {
    const FAR: u64 = 1 << 40;
    offset.checked_add(length as u64).is_none_or(|end| end > FAR)
}

/// Whether an xattr goes when the file is written to.
fn is_lost_by_writes(key: &OsStr) -> bool {
    key.as_bytes().starts_with(b"security.")
}

impl Drop for WriteFile {
    fn drop(&mut self) {
        let last = self.held.as_mut().is_some_and(Held::release);
        if last && !self.shared.core.table.is_empty() && !self.shared.handles.any(self.id) {
            self.shared.core.last_closed(self.id);
        }
    }
}

impl VNode for WriteFile {
    fn attr(&self) -> Result<Attr> {
        if self.is_regular
            && let Some(dirty) = self.shared.core.table.get(self.id)
            && let Some(attr) = self.shared.core.attr_in_memory(&dirty)
        {
            return Ok(attr);
        }
        nowait::check()?;
        self.shared.attr(|| self.inner.attr())
    }

    fn set_attr(&self, set: &SetAttr) -> Result<Attr> {
        nowait::check()?;
        if !self.is_regular {
            return self.inner.set_attr(set);
        }
        let turn = self.shared.core.turn(self.id)?;
        // What is written back later would take the bits away again.
        if set.mode.is_some_and(|mode| mode.has_set_id()) && turn.is_dirty() {
            turn.flush_and_hold()?;
        }
        turn.set_attr(set, || self.inner.set_attr(set))
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
        self.changing(is_lost_by_writes(key), || self.inner.set_xattr(key, value, how))
    }

    fn remove_xattr(&self, key: &OsStr) -> Result<()> {
        self.changing(is_lost_by_writes(key), || self.inner.remove_xattr(key))
    }

    fn watch(&self, watch: &dyn Watch) -> Result<()> {
        self.inner.watch(watch)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl VFile for WriteFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        self.read(buffer, offset)
    }

    fn read_many(&self, buffers: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
        if self.shared.core.table.get(self.id).is_none() {
            nowait::check()?;
            return self.inner.read_many(buffers, offset);
        }
        let mut done = 0;
        for buffer in buffers {
            let read = self.read(buffer, offset.saturating_add(done as u64))?;
            done += read;
            if read < buffer.len() {
                break;
            }
        }
        Ok(done)
    }

    fn write_at(&self, data: &[u8], offset: u64, privileges: Privileges) -> Result<usize> {
        if data.is_empty() || !self.writes() {
            return self.inner.write_at(data, offset, privileges);
        }
        if is_far(offset, data.len()) {
            return self.through(|| self.inner.write_at(data, offset, privileges));
        }
        self.shared.core.write(&self.target(), data, crate::core::At::Offset(offset), privileges)
    }

    fn append(&self, data: &[u8], privileges: Privileges) -> Result<usize> {
        if data.is_empty() || !self.writes() {
            return self.inner.append(data, privileges);
        }
        self.shared.core.write(&self.target(), data, crate::core::At::End, privileges)
    }

    fn set_len(&self, length: u64, privileges: Privileges) -> Result<Attr> {
        nowait::check()?;
        if !self.is_regular {
            return self.inner.set_len(length, privileges);
        }
        let turn = self.shared.core.turn(self.id)?;
        turn.set_len(length, || self.inner.set_len(length, privileges))
    }

    fn allocate(&self, how: AllocateHow, offset: u64, length: u64, privileges: Privileges) -> Result<()> {
        self.through(|| self.inner.allocate(how, offset, length, privileges))
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
            _ => return Err(Error::new(cachefs_vfs::Errno::XDEV)),
        };
        nowait::check()?;
        if to.id != self.id {
            self.flush()?;
        }
        to.through(|| self.inner.copy_range(offset, &*to.inner, to_offset, length, privileges))
    }

    fn seek(&self, offset: u64, to: SeekTo) -> Result<u64> {
        nowait::check()?;
        self.flush()?;
        self.inner.seek(offset, to)
    }

    fn sync(&self, how: SyncHow) -> Result<()> {
        nowait::check()?;
        if !self.is_regular {
            return self.inner.sync(how);
        }
        self.shared.core.sync_file(&self.target(), how)
    }

    fn reopen(&self, how: OpenHow) -> Result<Arc<dyn VFile>> {
        nowait::check()?;
        let inner = self.inner.reopen(how)?;
        Ok(Arc::new(Self {
            shared: Arc::clone(&self.shared),
            inner,
            id: self.id,
            is_regular: self.is_regular,
            how: Some(how),
            writes: OnceLock::new(),
            place: Arc::clone(&self.place),
            errors: ErrorsSeen::default(),
            held: self.is_regular.then(|| self.shared.handles.hold(self.id, 1)),
        }))
    }

    fn read_link(&self) -> Result<PathBuf> {
        nowait::check()?;
        self.inner.read_link()
    }

    /// Also true because dirty bytes hold the file open for themselves.
    fn has_writer(&self) -> Result<bool> {
        nowait::check()?;
        self.inner.has_writer()
    }

    /// None: what is dirty would not be seen through it.
    fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    fn descriptor(&self) -> Result<OwnedFd> {
        Err(Error::unsupported())
    }
}
