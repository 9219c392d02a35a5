use cachefs_vfs::late::Listener;
use cachefs_vfs::{AllocateHow, Errno, Error, Privileges, Result, SeekTo, SyncHow, VFile};
use fuser::FileHandle;

use super::Tree;
use crate::OnClose;
use crate::buffers::Buffer;
use crate::handles::Use;
use crate::inodes::NodeId;

/// One call copies no more, so that it is answered in time.
const COPY_MAX: u64 = 64 << 20;

/// Bytes that were read.
#[derive(Debug)]
pub(crate) struct ReadResult {
    buffer: Buffer,
    length: usize,
}

impl ReadResult {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer.bytes()[..self.length]
    }
}

/// How bytes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WriteHow {
    /// Where.
    pub(crate) offset: u64,
    /// At the real end, wherever that is: the offset is where the kernel believes it to be.
    pub(crate) appends: bool,
    pub(crate) privileges: Privileges,
    /// The kernel writes back pages that programs stored to, of whatever open file, which are lost if it is refused.
    pub(crate) pages: bool,
    /// The writer goes on only once the bytes are durable.
    pub(crate) sync: Option<SyncHow>,
}

impl Tree {
    /// Reads; fewer bytes than asked for only at the end of the file.
    pub(crate) fn read(&self, node: NodeId, offset: u64, length: u32, direct: bool) -> Result<ReadResult> {
        self.give_bytes(node);
        let file = self.file(node, if direct { Use::Direct } else { Use::Read })?;
        let length = usize::try_from(length).map_err(|_| Error::new(Errno::INVAL))?;
        let mut buffer = self.buffers.take(length);
        let asked = length;
        let length = file.read_at(&mut buffer.bytes_mut()[..asked], offset)?;
        if !direct {
            self.gave_tail(node, offset, asked, length);
        }
        Ok(ReadResult { buffer, length })
    }

    /// Writes, and syncs what was written if asked to.
    pub(crate) fn write(
        &self,
        (node, handle): (NodeId, FileHandle),
        data: &[u8],
        how: WriteHow,
    ) -> Result<u32> {
        let write = || self.write_now(node, data, how);
        // What failed before is told to who calls.
        if how.pages { Listener::deaf().scope(write) } else { self.listeners.speaking_to(handle, write) }
    }

    fn write_now(&self, node: NodeId, data: &[u8], how: WriteHow) -> Result<u32> {
        self.give_bytes(node);
        let file = self.file(node, Use::Write)?;
        let end = how.offset.saturating_add(data.len() as u64);
        self.grows_here(node, end);
        let written = match how.appends {
            true => self.append(node, &*file, data, how)?,
            false => file.write_at(data, how.offset, how.privileges)?,
        };
        self.grows_here(node, end);
        if let Some(how) = how.sync {
            file.sync(how)?;
        }
        u32::try_from(written).map_err(|_| Error::new(Errno::IO))
    }

    /// Appends. Where the end turns out to be elsewhere than the kernel believes, it has the bytes in a wrong place.
    fn append(&self, node: NodeId, file: &dyn VFile, data: &[u8], how: WriteHow) -> Result<usize> {
        let appended = file.append(data, how.privileges);
        let believed = appended.as_ref().ok().and_then(|&written| how.offset.checked_add(written as u64));
        let end = believed.and_then(|_| file.attr().ok()).map(|attr| attr.size);
        if end.is_none() || end != believed {
            self.appended(node);
        }
        if end > believed {
            self.grew_there(node);
        }
        appended
    }

    /// Makes what was written durable. A file that nobody opened through the mount has nothing to sync.
    pub(crate) fn sync(&self, (node, handle): (NodeId, FileHandle), how: SyncHow) -> Result<()> {
        self.listeners.speaking_to(handle, || self.sync_now(node, how))
    }

    fn sync_now(&self, node: NodeId, how: SyncHow) -> Result<()> {
        let held = self.handles.file(node);
        match held.and_then(|slot| slot.get(Use::Write).or_else(|| slot.get(Use::Read))) {
            Some(file) => file.sync(how),
            None => match self.file(node, Use::Read) {
                Err(error) if error.errno() == Errno::ACCESS => self.file(node, Use::Write)?.sync(how),
                file => file?.sync(how),
            },
        }
    }

    /// A program closes a file.
    pub(crate) fn closing(&self, (node, handle): (NodeId, FileHandle), hook: &dyn OnClose) -> Result<()> {
        cachefs_vfs::nowait::check()?;
        match self.inodes.identity(node) {
            Some(id) => self.listeners.speaking_to(handle, || hook.closing(id)),
            None => Ok(()),
        }
    }

    pub(crate) fn sync_dir(&self, node: NodeId) -> Result<()> {
        self.dir(node)?.sync()
    }

    pub(crate) fn allocate(
        &self,
        node: NodeId,
        how: AllocateHow,
        offset: u64,
        length: u64,
        privileges: Privileges,
    ) -> Result<()> {
        let file = self.file(node, Use::Write)?;
        self.grows_here(node, offset.saturating_add(length));
        file.allocate(how, offset, length, privileges)
    }

    pub(crate) fn seek(&self, node: NodeId, offset: u64, to: SeekTo) -> Result<u64> {
        self.file(node, Use::Read)?.seek(offset, to)
    }

    pub(crate) fn copy_range(
        &self,
        from: (NodeId, u64),
        to: (NodeId, u64),
        length: u64,
        privileges: Privileges,
    ) -> Result<u32> {
        let source = self.file(from.0, Use::Read)?;
        let target = self.file(to.0, Use::Write)?;
        // A short count is no error: the caller asks again for the rest.
        let length = length.min(COPY_MAX);
        self.grows_here(to.0, to.1.saturating_add(length));
        let copied = source.copy_range(from.1, &*target, to.1, length, privileges)?;
        u32::try_from(copied).map_err(|_| Error::new(Errno::IO))
    }
}
