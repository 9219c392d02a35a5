use std::ffi::OsStr;
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;

use cachefs_sys::credentials::set_fsetid;
use cachefs_sys::lease;
use rustix::fs::{self, FallocateFlags, OFlags, SeekFrom};
use rustix::io::{self, Errno, ReadWriteFlags, retry_on_intr};

use super::dir::target;
use super::node::{Node, impl_vnode};
use super::{direct, open};
use crate::{
    Access, AllocateHow, Attr, Error, FileKind, OpenHow, Privileges, Result, SeekTo, SyncHow, VFile,
};

/// A file, open for as much as was asked for. Its descriptor's own position is never used.
#[derive(Debug)]
pub(super) struct LocalFile {
    pub(super) node: Node,
    pub(super) access: Access,
    /// The same file past the page cache; reads come from here if there is one.
    direct: Option<OwnedFd>,
}

impl_vnode!(LocalFile);

/// The most buffers one system call takes.
const BUFFERS_MAX: usize = 1024;

impl LocalFile {
    pub(super) fn new(node: Node, how: OpenHow) -> Self {
        let direct = if how.direct && how.access.reads() { direct::open(node.fd()) } else { None };
        Self { node, access: how.access, direct }
    }

    fn append_reopened(&self, data: &[u8]) -> Result<usize> {
        let file = open::again(self.node.fd(), OFlags::WRONLY | OFlags::APPEND)?;
        write_all(data, |rest, _| io::write(&file, rest))
    }

    /// Fills the buffers one by one, the first `skip` bytes of them being done.
    fn read_rest(&self, buffers: &mut [IoSliceMut<'_>], offset: u64, skip: usize) -> Result<usize> {
        let (mut start, mut total) = (0, skip);
        for buffer in buffers {
            let end = start + buffer.len();
            if end > total {
                let read = self.read_at(&mut buffer[total - start..], advance(offset, total)?)?;
                total += read;
                if total < end {
                    break;
                }
            }
            start = end;
        }
        Ok(total)
    }
}

/// Whether the thread may leave set-id bits alone while it changes contents.
fn assume(privileges: Privileges) -> Result<()> {
    Ok(set_fsetid(privileges == Privileges::Keep)?)
}

fn advance(offset: u64, by: usize) -> Result<u64> {
    offset.checked_add(by as u64).ok_or(Error::new(Errno::INVAL))
}

/// Calls `write` with what is left and how much is done until all is; what is done counts, even if the rest fails.
fn write_all(data: &[u8], mut write: impl FnMut(&[u8], usize) -> io::Result<usize>) -> Result<usize> {
    let mut done = 0;
    while done < data.len() {
        match write(&data[done..], done) {
            Ok(0) => break,
            Ok(written) => done += written,
            Err(Errno::INTR) => {}
            Err(error) if done == 0 => return Err(error.into()),
            Err(_) => break,
        }
    }
    Ok(done)
}

impl VFile for LocalFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        if let Some(file) = &self.direct {
            match direct::read(file.as_fd(), buffer, offset) {
                Err(Errno::INVAL) => {}
                read => return Ok(read?),
            }
        }
        let mut done = 0;
        while done < buffer.len() {
            let at = advance(offset, done)?;
            match retry_on_intr(|| io::pread(&self.node.fd, &mut buffer[done..], at))? {
                0 => break,
                read => done += read,
            }
        }
        Ok(done)
    }

    fn read_many(&self, buffers: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
        if self.direct.is_some() {
            return self.read_rest(buffers, offset, 0);
        }
        let mut total = 0;
        for buffers in buffers.chunks_mut(BUFFERS_MAX) {
            let at = advance(offset, total)?;
            let wanted: usize = buffers.iter().map(|buffer| buffer.len()).sum();
            let mut read = retry_on_intr(|| io::preadv(&self.node.fd, buffers, at))?;
            if 0 < read && read < wanted {
                read = self.read_rest(buffers, at, read)?;
            }
            total += read;
            if read < wanted {
                break;
            }
        }
        Ok(total)
    }

    fn write_at(&self, data: &[u8], offset: u64, privileges: Privileges) -> Result<usize> {
        assume(privileges)?;
        write_all(data, |rest, done| {
            let at = offset.checked_add(done as u64).ok_or(Errno::FBIG)?;
            io::pwrite(&self.node.fd, rest, at)
        })
    }

    fn append(&self, data: &[u8], privileges: Privileges) -> Result<usize> {
        if !self.access.writes() {
            return Err(Errno::BADF.into());
        }
        assume(privileges)?;
        let append =
            |rest: &[u8], _| io::pwritev2(&self.node.fd, &[IoSlice::new(rest)], 0, ReadWriteFlags::APPEND);
        match write_all(data, append) {
            Err(error) if matches!(error.errno(), Errno::OPNOTSUPP | Errno::NOSYS) => {
                self.append_reopened(data)
            }
            written => written,
        }
    }

    fn set_len(&self, length: u64, privileges: Privileges) -> Result<Attr> {
        assume(privileges)?;
        let file = self.for_writing()?;
        retry_on_intr(|| fs::ftruncate(&file, length))?;
        self.node.attr()
    }

    fn allocate(&self, how: AllocateHow, offset: u64, length: u64, privileges: Privileges) -> Result<()> {
        assume(privileges)?;
        let flags = match how {
            AllocateHow::Grow => FallocateFlags::empty(),
            AllocateHow::KeepSize => FallocateFlags::KEEP_SIZE,
            AllocateHow::PunchHole => FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE,
            AllocateHow::Zero => FallocateFlags::ZERO_RANGE,
            AllocateHow::ZeroKeepSize => FallocateFlags::ZERO_RANGE | FallocateFlags::KEEP_SIZE,
            AllocateHow::Collapse => FallocateFlags::COLLAPSE_RANGE,
            AllocateHow::Insert => FallocateFlags::INSERT_RANGE,
        };
        Ok(retry_on_intr(|| fs::fallocate(&self.node.fd, flags, offset, length))?)
    }

    fn copy_range(
        &self,
        offset: u64,
        to: &dyn VFile,
        to_offset: u64,
        length: u64,
        privileges: Privileges,
    ) -> Result<u64> {
        let to: &Self = to.as_any().downcast_ref().ok_or(Error::new(Errno::XDEV))?;
        assume(privileges)?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let copied = retry_on_intr(|| {
            let (mut from_at, mut to_at) = (offset, to_offset);
            fs::copy_file_range(&self.node.fd, Some(&mut from_at), &to.node.fd, Some(&mut to_at), length)
        })?;
        Ok(copied as u64)
    }

    fn seek(&self, offset: u64, to: SeekTo) -> Result<u64> {
        let to = match to {
            SeekTo::Data => SeekFrom::Data(offset),
            SeekTo::Hole => SeekFrom::Hole(offset),
        };
        Ok(fs::seek(&self.node.fd, to)?)
    }

    fn sync(&self, how: SyncHow) -> Result<()> {
        let file = self.for_bytes()?;
        let synced = match how {
            SyncHow::Data => retry_on_intr(|| fs::fdatasync(&file)),
            SyncHow::All => retry_on_intr(|| fs::fsync(&file)),
        };
        Ok(synced?)
    }

    fn reopen(&self, how: OpenHow) -> Result<Arc<dyn VFile>> {
        Ok(Arc::new(self.opened_again(how)?))
    }

    fn read_link(&self) -> Result<PathBuf> {
        match self.node.kind {
            FileKind::Symlink => Ok(target(self.node.fd(), OsStr::new(""))?),
            _ => Err(Errno::INVAL.into()),
        }
    }

    fn has_writer(&self) -> Result<bool> {
        if self.node.kind != FileKind::Regular {
            return Err(Errno::INVAL.into());
        }
        // This very handle is one.
        if self.access.writes() {
            return Ok(true);
        }
        let file = self.for_bytes()?;
        match lease::has_writer(file.as_fd()) {
            // It is a regular file, and who may not ask is told before: no other file here can tell, either.
            Err(Errno::INVAL | Errno::NOSYS) => Err(Error::unsupported()),
            answer => Ok(answer?),
        }
    }

    fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.node.fd())
    }

    fn descriptor(&self) -> Result<OwnedFd> {
        Ok(self.node.fd().try_clone_to_owned()?)
    }
}
