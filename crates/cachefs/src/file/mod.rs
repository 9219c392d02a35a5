//! `CacheFile`: the file handles of a cache.

mod node;
mod reopen;

use std::io::IoSliceMut;
use std::ops::Range;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::PathBuf;

use cachefs_vfs::late::Listener;
use cachefs_vfs::{
    Access, AllocateHow, Attr, Errno, Error, OpenHow, Privileges, Result, SeekTo, SyncHow, VFile, nowait,
};

use crate::block::{BLOCK_BYTES, BlockIndex};
use crate::engine::Engine;
use crate::fs::CacheFs;
use crate::handle::{Held, Own, serves};
use crate::meta::Node;
use crate::read::{Reader, prefetch};
use crate::readahead::Readahead;
use crate::stats::BackingVerb;
use crate::sync::{Arc, Mutex};

/// A file of a [`CacheFs`].
#[derive(Debug)]
pub(crate) struct CacheFile {
    held: Held<CacheFs>,
    how: OpenHow,
    /// A handle of the backing that is this handle's alone: one that passes the backing's own caches, or one of which
    /// nobody knows what else it is good for.
    own: Option<Own>,
    /// Where it stands in reading; a leaf lock.
    readahead: Mutex<Readahead>,
    /// The backing's handles come and go, this one stays: it is who is told of what failed later.
    listener: Listener,
}

impl CacheFile {
    pub(crate) fn new(held: Held<CacheFs>, how: OpenHow, own: Option<Own>) -> Self {
        let window = held.home().engine().config.readahead_window();
        Self { held, how, own, readahead: Mutex::new(Readahead::new(window)), listener: Listener::new() }
    }

    fn fs(&self) -> &CacheFs {
        self.held.home()
    }

    fn engine(&self) -> &Arc<Engine> {
        self.fs().engine()
    }

    pub(crate) fn node(&self) -> &Arc<Node> {
        &self.held.node
    }

    /// A handle of the backing that is good for `need`, which this handle was opened for.
    fn backing(&self, need: Access) -> Result<Arc<dyn VFile>> {
        match &self.own {
            Some(own) if serves(self.how.access, need) => Ok(Arc::clone(own.file())),
            _ => self.engine().file_handle(self.node(), need),
        }
    }

    /// # Errors
    /// `EBADF` if this handle was not opened for `need`.
    fn check(&self, need: Access) -> Result<()> {
        if serves(self.how.access, need) { Ok(()) } else { Err(Error::new(Errno::BADF)) }
    }

    /// The backing's handle to write with; the caller may wait.
    fn writable(&self) -> Result<Arc<dyn VFile>> {
        self.check(Access::Write)?;
        nowait::check()?;
        self.backing(Access::Write)
    }

    fn reader(&self) -> Reader<'_> {
        let own = self.own.as_ref().filter(|_| self.how.access.reads()).map(Own::file);
        Reader { engine: self.engine(), node: self.node(), own }
    }

    /// Has loaded in the background what a sequential reader will ask for next.
    fn read_ahead(&self, reader: Reader<'_>, offset: u64, len: usize, size: u64) {
        if size <= BLOCK_BYTES {
            // Nothing comes after its first block.
            return;
        }
        let blocks = self.readahead.lock().on_read(offset, len, size);
        if let Some(blocks) = blocks {
            prefetch(self.fs().workers(), reader, blocks);
        }
    }

    /// Loads what is missing of these bytes, and of the blocks they lie in.
    pub(crate) fn load(&self, bytes: Range<u64>) {
        if !bytes.is_empty() {
            let end = BlockIndex(bytes.end.div_ceil(BLOCK_BYTES));
            self.reader().load_part(BlockIndex::of(bytes.start)..end);
        }
    }

    /// The other file of a verb that takes two.
    fn peer<'a>(&self, other: &'a dyn VFile) -> Result<&'a Self> {
        let other = other.as_any().downcast_ref::<Self>();
        other.filter(|other| Arc::ptr_eq(other.engine(), self.engine())).ok_or(Error::new(Errno::XDEV))
    }
}

impl VFile for CacheFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        self.check(Access::Read)?;
        let reader = self.reader();
        if self.how.direct {
            return reader.read_past(buffer, offset);
        }
        let len = buffer.len();
        reader.read(buffer, offset, |size| self.read_ahead(reader, offset, len, size))
    }

    fn read_many(&self, buffers: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
        let mut total = 0;
        for buffer in buffers {
            let count = self.read_at(buffer, offset.saturating_add(total as u64))?;
            total += count;
            if count < buffer.len() {
                break;
            }
        }
        Ok(total)
    }

    fn write_at(&self, data: &[u8], offset: u64, privileges: Privileges) -> Result<usize> {
        let file = self.writable()?;
        if offset.checked_add(data.len() as u64).is_none() {
            return Err(Error::new(Errno::FBIG));
        }
        if data.is_empty() {
            return file.write_at(data, offset, privileges);
        }
        self.listener.scope(|| self.engine().write(self.node(), &*file, data, offset, privileges))
    }

    fn append(&self, data: &[u8], privileges: Privileges) -> Result<usize> {
        let file = self.writable()?;
        self.listener.scope(|| self.engine().append(self.node(), &*file, data, privileges))
    }

    fn set_len(&self, length: u64, privileges: Privileges) -> Result<Attr> {
        nowait::check()?;
        let mut _held = None;
        let file = match self.how.access {
            // As truncate(2) does: it asks for the right to write, and leaves no descriptor.
            Access::Path => {
                _held = Some(Held::new(self.engine(), self.node(), Access::Write));
                self.engine().file_handle(self.node(), Access::Write)?
            }
            Access::Read => return Err(Error::new(Errno::INVAL)),
            Access::Write | Access::ReadWrite => self.writable()?,
        };
        self.engine().set_len(self.node(), &*file, length, privileges)
    }

    fn allocate(&self, how: AllocateHow, offset: u64, length: u64, privileges: Privileges) -> Result<()> {
        let file = self.writable()?;
        self.engine().allocate(self.node(), &*file, how, (offset, length), privileges)
    }

    fn copy_range(
        &self,
        offset: u64,
        to: &dyn VFile,
        to_offset: u64,
        length: u64,
        privileges: Privileges,
    ) -> Result<u64> {
        let to = self.peer(to)?;
        self.check(Access::Read)?;
        let target = to.writable()?;
        let source = self.backing(Access::Read)?;
        let (source, target) = ((&*source, offset), (&*target, to_offset));
        self.engine().copy_range(source, to.node(), target, length, privileges)
    }

    fn seek(&self, offset: u64, to: SeekTo) -> Result<u64> {
        let file = self.data_handle()?;
        self.engine().backing.call(BackingVerb::Seek, || file.seek(offset, to))
    }

    fn sync(&self, how: SyncHow) -> Result<()> {
        let file = self.data_handle()?;
        self.listener.scope(|| self.engine().backing.call(BackingVerb::Sync, || file.sync(how)))
    }

    fn reopen(&self, how: OpenHow) -> Result<Arc<dyn VFile>> {
        Ok(Arc::new(self.opened_again(how)?))
    }

    fn read_link(&self) -> Result<PathBuf> {
        let file = self.backing(Access::Path)?;
        self.engine().backing.call(BackingVerb::ReadLink, || file.read_link())
    }

    fn has_writer(&self) -> Result<bool> {
        self.backing(Access::Read)?.has_writer()
    }

    fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        self.own.as_ref().and_then(|own| own.file().as_fd())
    }

    fn descriptor(&self) -> Result<OwnedFd> {
        match self.how.access {
            Access::Path => self.backing(Access::Path)?.descriptor(),
            _ => self.data_handle()?.descriptor(),
        }
    }
}

impl CacheFile {
    /// A handle of the backing as this one was opened.
    ///
    /// # Errors
    /// `EBADF` if it was opened for [`Access::Path`].
    fn data_handle(&self) -> Result<Arc<dyn VFile>> {
        match self.how.access {
            Access::Path => Err(Error::new(Errno::BADF)),
            Access::Read => self.backing(Access::Read),
            Access::Write | Access::ReadWrite => self.backing(Access::Write),
        }
    }
}
