use std::io::IoSliceMut;
use std::ops::Range;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;

use super::content::PAGE;
use super::node::Node;
use super::state::State;
use super::vnode::impl_vnode;
use crate::{
    Access, AllocateHow, Attr, Errno, Error, FileKind, OpenHow, Opened, Privileges, Result, SeekTo, SyncHow,
    VFile,
};

/// How many bytes a copy between files moves at a time.
const COPY: usize = 128 * 1024;

/// An open file of a [`super::MemFs`].
#[derive(Debug)]
pub(super) struct MemFile {
    node: Arc<Node>,
    access: Access,
}

impl MemFile {
    pub(super) fn open(node: Arc<Node>, how: OpenHow) -> Result<Opened<Arc<dyn VFile>>> {
        let access = how.access;
        if how.truncate && !access.writes() {
            return Err(Error::new(Errno::INVAL));
        }
        match node.kind {
            FileKind::Regular => {}
            _ if access == Access::Path => {}
            FileKind::Directory => return Err(Error::new(Errno::ISDIR)),
            FileKind::Symlink => return Err(Error::new(Errno::LOOP)),
            _ => return Err(Error::unsupported()),
        }
        let attr = if how.truncate { truncate(&node, 0, Privileges::Keep)? } else { node.attr() };
        Ok(Opened { handle: Arc::new(Self { node, access }), attr })
    }

    fn check(&self, allowed: bool) -> Result<()> {
        if allowed { Ok(()) } else { Err(Error::new(Errno::BADF)) }
    }

    fn write(&self, state: &mut State, data: &[u8], offset: u64, privileges: Privileges) -> Result<usize> {
        let room = self.node.shared.file_size_max.saturating_sub(offset);
        if room == 0 {
            return Err(Error::new(Errno::FBIG));
        }
        let data = &data[..usize::try_from(room).unwrap_or(usize::MAX).min(data.len())];
        let written = state.content_mut()?.write(data, offset, &self.node.shared.pages);
        if written == 0 {
            return Err(Error::new(Errno::NOSPC));
        }
        state.changed(self.node.shared.now(), privileges);
        Ok(written)
    }

    /// The end of a range that is not empty and not beyond the longest file.
    fn end_of(&self, offset: u64, length: u64) -> Result<u64> {
        if length == 0 {
            return Err(Error::new(Errno::INVAL));
        }
        let end = offset.checked_add(length).filter(|&end| end <= self.node.shared.file_size_max);
        end.ok_or(Error::new(Errno::FBIG))
    }
}

impl_vnode!(MemFile);

impl VFile for MemFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        self.check(self.access.reads())?;
        Ok(self.node.state.read().content()?.read(buffer, offset))
    }

    fn read_many(&self, buffers: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
        self.check(self.access.reads())?;
        let state = self.node.state.read();
        let content = state.content()?;
        let mut done = 0;
        for buffer in buffers {
            let read = content.read(buffer, offset.saturating_add(done as u64));
            done += read;
            if read < buffer.len() {
                break;
            }
        }
        Ok(done)
    }

    fn write_at(&self, data: &[u8], offset: u64, privileges: Privileges) -> Result<usize> {
        self.check(self.access.writes())?;
        if data.is_empty() {
            return Ok(0);
        }
        self.write(&mut self.node.state.write(), data, offset, privileges)
    }

    fn append(&self, data: &[u8], privileges: Privileges) -> Result<usize> {
        self.check(self.access.writes())?;
        if data.is_empty() {
            return Ok(0);
        }
        let mut state = self.node.state.write();
        let end = state.content()?.size();
        self.write(&mut state, data, end, privileges)
    }

    fn set_len(&self, length: u64, privileges: Privileges) -> Result<Attr> {
        match (self.node.kind, self.access) {
            (FileKind::Directory, _) => return Err(Error::new(Errno::ISDIR)),
            (_, Access::Read) => return Err(Error::new(Errno::INVAL)),
            _ => {}
        }
        truncate(&self.node, length, privileges)
    }

    fn allocate(&self, how: AllocateHow, offset: u64, length: u64, privileges: Privileges) -> Result<()> {
        self.check(self.access.writes())?;
        let end = self.end_of(offset, length)?;
        let mut state = self.node.state.write();
        allocate(&self.node, &mut state, how, offset..end)?;
        state.changed(self.node.shared.now(), privileges);
        Ok(())
    }

    fn copy_range(
        &self,
        offset: u64,
        to: &dyn VFile,
        to_offset: u64,
        length: u64,
        privileges: Privileges,
    ) -> Result<u64> {
        let to = to.as_any().downcast_ref::<Self>().ok_or(Error::new(Errno::XDEV))?;
        if !Arc::ptr_eq(&self.node.shared, &to.node.shared) {
            return Err(Error::new(Errno::XDEV));
        }
        self.check(self.access.reads() && to.access.writes())?;
        let rest = self.node.state.read().content()?.size().saturating_sub(offset);
        let length = length.min(rest);
        if Arc::ptr_eq(&self.node, &to.node) && offset.abs_diff(to_offset) < length {
            return Err(Error::new(Errno::INVAL));
        }
        let mut buffer = vec![0; usize::try_from(length).unwrap_or(usize::MAX).min(COPY)];
        let mut done = 0;
        while done < length {
            let want = usize::try_from(length - done).unwrap_or(usize::MAX).min(COPY);
            let read = self.read_at(&mut buffer[..want], offset + done)?;
            if read == 0 {
                break;
            }
            match to.write_at(&buffer[..read], to_offset.saturating_add(done), privileges) {
                Ok(written) => done += written as u64,
                Err(_) if done > 0 => break,
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    fn seek(&self, offset: u64, to: SeekTo) -> Result<u64> {
        self.check(self.access != Access::Path)?;
        self.node.state.read().content()?.seek(offset, to).ok_or(Error::new(Errno::NXIO))
    }

    fn sync(&self, _how: SyncHow) -> Result<()> {
        self.check(self.access != Access::Path)
    }

    fn reopen(&self, how: OpenHow) -> Result<Arc<dyn VFile>> {
        if how.truncate {
            return Err(Error::new(Errno::INVAL));
        }
        Ok(Self::open(Arc::clone(&self.node), how)?.handle)
    }

    fn read_link(&self) -> Result<PathBuf> {
        self.node.target()
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

fn truncate(node: &Node, length: u64, privileges: Privileges) -> Result<Attr> {
    if length > node.shared.file_size_max {
        return Err(Error::new(Errno::FBIG));
    }
    let mut state = node.state.write();
    state.content_mut()?.set_size(length, &node.shared.pages);
    state.changed(node.shared.now(), privileges);
    Ok(node.attr_of(&state))
}

fn allocate(node: &Node, state: &mut State, how: AllocateHow, range: Range<u64>) -> Result<()> {
    let (pages, content) = (&node.shared.pages, state.content_mut()?);
    let (size, end) = (content.size(), range.end);
    let aligned = range.start.is_multiple_of(PAGE) && range.end.is_multiple_of(PAGE);
    let enough = match how {
        AllocateHow::Grow | AllocateHow::KeepSize => content.reserve(range, pages),
        AllocateHow::Zero | AllocateHow::ZeroKeepSize => content.zero(range, pages),
        AllocateHow::PunchHole => {
            content.punch(range, pages);
            true
        }
        AllocateHow::Collapse if aligned && end < size => {
            content.collapse(range, pages);
            true
        }
        AllocateHow::Insert if aligned && range.start < size => {
            if size + (end - range.start) > node.shared.file_size_max {
                return Err(Error::new(Errno::FBIG));
            }
            content.insert(range.start, end - range.start);
            true
        }
        AllocateHow::Collapse | AllocateHow::Insert => return Err(Error::new(Errno::INVAL)),
    };
    if !enough {
        return Err(Error::new(Errno::NOSPC));
    }
    if matches!(how, AllocateHow::Grow | AllocateHow::Zero) && end > size {
        content.set_size(end, pages);
    }
    Ok(())
}
