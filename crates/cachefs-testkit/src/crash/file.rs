use std::io::IoSliceMut;
use std::ops::Range;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;

use cachefs_vfs::{
    Access, AllocateHow, Attr, Errno, Error, OpenHow, Privileges, Result, SeekTo, SyncHow, VFile,
};

use super::bytes::{SECTOR, SECTOR_SIZE, Sector, sectors_of};
use super::disk::Life;
use super::log::Log;
use super::node::{impl_vnode, xattrs_of};
use super::power::Fate;

/// A file of a [`super::CrashFs`].
#[derive(Debug)]
pub(super) struct CrashFile {
    life: Arc<Life>,
    inner: Arc<dyn VFile>,
}

impl CrashFile {
    pub(super) fn wrap(life: &Arc<Life>, inner: Arc<dyn VFile>) -> Arc<dyn VFile> {
        Arc::new(Self { life: Arc::clone(life), inner })
    }

    /// A write of `data`, of which only the first part takes place when everything stops in it.
    fn write(
        &self,
        data: &[u8],
        verb: impl FnOnce(&[u8]) -> Result<usize>,
        offset: impl FnOnce(&Attr) -> u64,
    ) -> Result<usize> {
        self.life.change_or_tear(|log, fate| {
            let before = self.inner.attr()?;
            let data = if fate == Fate::Torn { &data[..data.len() / 2] } else { data };
            let written = verb(data)?;
            let start = offset(&before);
            written_to(log, &self.inner, start..start + written as u64)?;
            Ok(written)
        })
    }

    /// A truncation or the like changed bytes from `from` on.
    pub(super) fn settled(log: &mut Log, file: &Arc<dyn VFile>, from: u64) -> Result<()> {
        let attr = file.attr()?;
        if !attr.kind.is_regular() {
            return Ok(());
        }
        let reader = file.reopen(OpenHow::new(Access::Read))?;
        if let Some(bytes) = log.bytes(attr.id.inode) {
            let mut indices = bytes.known(from / SECTOR);
            indices.extend(data_of(&*reader, from)?);
            indices.sort_unstable();
            indices.dedup();
            let sectors = indices.into_iter().map(|index| Ok((index, sector(&*reader, index)?)));
            bytes.changed(sectors.collect::<Result<_>>()?, attr.size, true);
        }
        log.xattrs(attr, xattrs_of(&*reader)?);
        Ok(())
    }
}

/// Takes down what a write to `range` left.
fn written_to(log: &mut Log, file: &Arc<dyn VFile>, range: Range<u64>) -> Result<()> {
    let attr = file.attr()?;
    if range.is_empty() {
        return Ok(());
    }
    let reader = file.reopen(OpenHow::new(Access::Read))?;
    let sectors = sectors_of(&range).map(|index| Ok((index, sector(&*reader, index)?)));
    let sectors = sectors.collect::<Result<Vec<_>>>()?;
    if let Some(bytes) = log.bytes(attr.id.inode) {
        bytes.changed(sectors, attr.size, false);
    }
    // A write takes the capabilities of a file away.
    log.xattrs(attr, xattrs_of(&*reader)?);
    Ok(())
}

/// The sectors from `from` on that are no holes.
fn data_of(file: &dyn VFile, from: u64) -> Result<Vec<u64>> {
    let mut found = Vec::new();
    let mut at = from / SECTOR * SECTOR;
    loop {
        let start = match file.seek(at, SeekTo::Data) {
            Err(error) if error.errno() == Errno::NXIO => return Ok(found),
            start => start?,
        };
        at = file.seek(start, SeekTo::Hole)?;
        found.extend(sectors_of(&(start..at)));
    }
}

fn sector(file: &dyn VFile, index: u64) -> Result<Sector> {
    let mut buffer = [0; SECTOR_SIZE];
    file.read_at(&mut buffer, index * SECTOR)?;
    Ok(buffer.iter().any(|byte| *byte != 0).then(|| Arc::from(buffer.as_slice())))
}

impl_vnode!(CrashFile);

impl VFile for CrashFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        self.life.check()?;
        self.inner.read_at(buffer, offset)
    }

    fn read_many(&self, buffers: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
        self.life.check()?;
        self.inner.read_many(buffers, offset)
    }

    fn write_at(&self, data: &[u8], offset: u64, privileges: Privileges) -> Result<usize> {
        self.write(data, |data| self.inner.write_at(data, offset, privileges), |_| offset)
    }

    fn append(&self, data: &[u8], privileges: Privileges) -> Result<usize> {
        self.write(data, |data| self.inner.append(data, privileges), |before| before.size)
    }

    fn set_len(&self, length: u64, privileges: Privileges) -> Result<Attr> {
        self.life.change(|log| {
            let before = self.inner.attr()?.size;
            let attr = self.inner.set_len(length, privileges)?;
            Self::settled(log, &self.inner, before.min(length))?;
            Ok(self.life.disk().outer(attr))
        })
    }

    fn allocate(&self, how: AllocateHow, offset: u64, length: u64, privileges: Privileges) -> Result<()> {
        self.life.change(|log| {
            self.inner.allocate(how, offset, length, privileges)?;
            Self::settled(log, &self.inner, offset)
        })
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
            Some(to) if Arc::ptr_eq(&to.life, &self.life) => to,
            _ => return Err(Error::new(Errno::XDEV)),
        };
        self.life.change(|log| {
            let copied = self.inner.copy_range(offset, &*to.inner, to_offset, length, privileges)?;
            written_to(log, &to.inner, to_offset..to_offset.saturating_add(copied))?;
            Ok(copied)
        })
    }

    fn seek(&self, offset: u64, to: SeekTo) -> Result<u64> {
        self.life.check()?;
        self.inner.seek(offset, to)
    }

    fn sync(&self, how: SyncHow) -> Result<()> {
        self.life.change(|log| {
            self.inner.sync(how)?;
            log.sync(self.inner.attr()?.id.inode, how);
            if self.life.disk().options.sync_names {
                log.names.sync_all();
            }
            Ok(())
        })
    }

    fn reopen(&self, how: OpenHow) -> Result<Arc<dyn VFile>> {
        self.life.check()?;
        Ok(Self::wrap(&self.life, self.inner.reopen(how)?))
    }

    fn read_link(&self) -> Result<PathBuf> {
        self.life.check()?;
        self.inner.read_link()
    }

    /// As the filesystem beneath cannot tell.
    fn has_writer(&self) -> Result<bool> {
        self.life.check()?;
        self.inner.has_writer()
    }

    /// None: what is changed through it would not be taken down.
    fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    fn descriptor(&self) -> Result<OwnedFd> {
        Err(Error::unsupported())
    }
}
