use std::io::IoSliceMut;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::OnceLock;

use cachefs_vfs::late::Listener;
use cachefs_vfs::{
    AllocateHow, Attr, Errno, Error, OpenHow, Privileges, Result, SeekTo, SyncHow, VFile, nowait,
};

use super::WriteFile;
use crate::core::At;
use crate::sync::Arc;

/// Whether a file that long may be more than the backing has room for in one: it is asked at once, so that who writes
/// is told.
fn is_far(offset: u64, length: usize) -> bool {
    const FAR: u64 = 1 << 40;
    offset.checked_add(length as u64).is_none_or(|end| end > FAR)
}

impl VFile for WriteFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        self.read(buffer, offset)
    }

    fn read_many(&self, buffers: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
        let dirty = if self.reads() { self.shared.core.table.get(self.id) } else { None };
        match dirty {
            Some(dirty) if !self.is_direct() => {
                return self.shared.core.read_many(&dirty, &*self.inner, buffers, offset);
            }
            Some(_) => self.flush()?,
            None => {}
        }
        nowait::check()?;
        self.inner.read_many(buffers, offset)
    }

    fn write_at(&self, data: &[u8], offset: u64, privileges: Privileges) -> Result<usize> {
        if data.is_empty() || !self.writes() {
            return self.inner.write_at(data, offset, privileges);
        }
        if self.is_direct() || is_far(offset, data.len()) {
            return self.through(|| self.inner.write_at(data, offset, privileges));
        }
        self.shared.core.write(&self.target(), data, At::Offset(offset), privileges)
    }

    fn append(&self, data: &[u8], privileges: Privileges) -> Result<usize> {
        if data.is_empty() || !self.writes() {
            return self.inner.append(data, privileges);
        }
        if self.is_direct() {
            return self.through(|| self.inner.append(data, privileges));
        }
        self.shared.core.write(&self.target(), data, At::End, privileges)
    }

    fn set_len(&self, length: u64, privileges: Privileges) -> Result<Attr> {
        nowait::check()?;
        if !self.is_regular {
            return self.inner.set_len(length, privileges);
        }
        let turn = self.shared.core.turn(self.id)?;
        let attr = turn.at_place(&self.place).set_len(length, || self.inner.set_len(length, privileges))?;
        turn.sync_astray(&self.inner)?;
        Ok(attr)
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
            _ => return Err(Error::new(Errno::XDEV)),
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
            listener: Listener::new(),
            held: self.is_regular.then(|| self.shared.handles.hold(self.id, 1)),
            known: None,
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
