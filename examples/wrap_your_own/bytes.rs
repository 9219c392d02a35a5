use std::io::IoSliceMut;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;

use cachefs_vfs::{
    AllocateHow, Attr, Errno, Error, OpenHow, Privileges, Result, SeekTo, SyncHow, VFile, VNode,
};

use crate::place::Place;

impl VFile for Place {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        self.shelf.get(&self.path, |book| {
            let rest = book.bytes.get(usize::try_from(offset).unwrap_or(usize::MAX)..).unwrap_or_default();
            let count = rest.len().min(buffer.len());
            buffer[..count].copy_from_slice(&rest[..count]);
            count
        })
    }

    fn read_many(&self, buffers: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
        // One call, however many buffers: each may be a trip over the network.
        let mut bytes = vec![0; buffers.iter().map(|buffer| buffer.len()).sum()];
        let total = self.read_at(&mut bytes, offset)?;
        let mut rest = &bytes[..total];
        for buffer in buffers {
            let (part, more) = rest.split_at(rest.len().min(buffer.len()));
            buffer[..part.len()].copy_from_slice(part);
            rest = more;
        }
        Ok(total)
    }

    fn write_at(&self, data: &[u8], offset: u64, _privileges: Privileges) -> Result<usize> {
        let offset = usize::try_from(offset).map_err(|_| Error::new(Errno::FBIG))?;
        self.shelf.edit(&self.path, |bytes| {
            let end = offset + data.len();
            bytes.resize(bytes.len().max(end), 0);
            bytes[offset..end].copy_from_slice(data);
            data.len()
        })
    }

    fn append(&self, data: &[u8], _privileges: Privileges) -> Result<usize> {
        self.shelf.edit(&self.path, |bytes| bytes.extend_from_slice(data))?;
        Ok(data.len())
    }

    fn set_len(&self, length: u64, _privileges: Privileges) -> Result<Attr> {
        let length = usize::try_from(length).map_err(|_| Error::new(Errno::FBIG))?;
        self.shelf.edit(&self.path, |bytes| bytes.resize(length, 0))?;
        self.attr()
    }

    fn allocate(&self, _: AllocateHow, _offset: u64, _length: u64, _: Privileges) -> Result<()> {
        Err(Error::unsupported())
    }

    fn copy_range(&self, _: u64, _to: &dyn VFile, _: u64, _length: u64, _: Privileges) -> Result<u64> {
        Err(Error::unsupported())
    }

    fn seek(&self, _offset: u64, _to: SeekTo) -> Result<u64> {
        Err(Error::unsupported())
    }

    fn sync(&self, _how: SyncHow) -> Result<()> {
        Ok(())
    }

    fn reopen(&self, _how: OpenHow) -> Result<Arc<dyn VFile>> {
        // A path is all there is to open by.
        Err(Error::unsupported())
    }

    fn read_link(&self) -> Result<PathBuf> {
        Err(Error::unsupported())
    }

    fn has_writer(&self) -> Result<bool> {
        Err(Error::unsupported())
    }

    fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    fn descriptor(&self) -> Result<OwnedFd> {
        Err(Error::unsupported())
    }
}
