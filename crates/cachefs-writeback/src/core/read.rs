use cachefs_vfs::{Errno, Error, Result, VFile, nowait};

use super::Core;
use crate::dirty::{DirtyFile, State};
use crate::extent::Extent;
use crate::journal::Record;
use crate::sync::Arc;

/// Looks at a file that is truncated again and again before the reader asks for its turn.
const LOOKS_MAX: usize = 8;

/// What is dirty of a range at one moment.
pub(super) struct Look {
    epoch: u64,
    extents: Vec<Extent<Record>>,
    /// Where the file ends, unless the backing's is longer.
    end: u64,
    /// The backing's bytes from here on are cut off.
    cut: u64,
}

impl Look {
    fn at(state: &State, offset: u64, len: u64) -> Self {
        Self {
            epoch: state.epoch,
            extents: state.extents.snapshot(offset, len),
            end: state.size_over(0),
            cut: state.truncate.unwrap_or(u64::MAX),
        }
    }

    /// Whether the backing has nothing to add.
    pub(super) fn covers(&self, len: u64) -> bool {
        self.extents.iter().map(|extent| extent.len).sum::<u64>() == len
    }

    /// How many of `len` bytes at `offset` the backing's may be.
    pub(super) fn backing_below(&self, offset: u64, len: usize) -> usize {
        usize::try_from(self.cut.saturating_sub(offset)).unwrap_or(len).min(len)
    }

    /// How many of `len` bytes at `offset` there are even if the backing has none.
    pub(super) fn reaches(&self, offset: u64, len: usize) -> usize {
        usize::try_from(self.end.saturating_sub(offset)).unwrap_or(len).min(len)
    }
}

impl Core {
    /// Reads what programs see: the backing's bytes, with those that are dirty laid over them. `handle` is one of the
    /// backing, good for reading.
    ///
    /// # Errors
    /// Those of the backing; `EIO` if the journal does not give back what was written.
    pub(crate) fn read(
        &self,
        file: &Arc<DirtyFile>,
        handle: &dyn VFile,
        buffer: &mut [u8],
        offset: u64,
    ) -> Result<usize> {
        let len = u64::try_from(buffer.len()).map_err(|_| Error::new(Errno::INVAL))?;
        self.with_look(file, offset, len, |look| self.read_look(file, look, handle, buffer, offset))
    }

    /// Does `read` with what is dirty of a range, again if a look was out of date by then.
    pub(super) fn with_look(
        &self,
        file: &Arc<DirtyFile>,
        offset: u64,
        len: u64,
        mut read: impl FnMut(&Look) -> Result<usize>,
    ) -> Result<usize> {
        for _ in 0..LOOKS_MAX {
            let look = {
                let state = file.state();
                (!state.cutting).then(|| Look::at(&state, offset, len))
            };
            let Some(look) = look else {
                drop(self.turn_of(Arc::clone(file))?);
                continue;
            };
            let count = read(&look)?;
            if file.state().epoch == look.epoch {
                return Ok(count);
            }
        }
        nowait::check()?;
        let turn = self.turn_of(Arc::clone(file))?;
        let look = Look::at(&turn.file().state(), offset, len);
        read(&look)
    }

    fn read_look(
        &self,
        file: &DirtyFile,
        look: &Look,
        handle: &dyn VFile,
        buffer: &mut [u8],
        offset: u64,
    ) -> Result<usize> {
        let whole = buffer.len();
        if !look.covers(whole as u64) {
            nowait::check()?;
            let limit = look.backing_below(offset, whole);
            let there = handle.read_at(&mut buffer[..limit], offset)?;
            let count = there.max(look.reaches(offset, whole));
            buffer[there..count].fill(0);
            self.lay_over(file, look, &mut buffer[..count], offset)?;
            return Ok(count);
        }
        self.lay_over(file, look, buffer, offset)?;
        Ok(whole)
    }

    /// Lays what is dirty over the part of the range at `offset`.
    pub(super) fn lay_over(
        &self,
        file: &DirtyFile,
        look: &Look,
        buffer: &mut [u8],
        offset: u64,
    ) -> Result<()> {
        let end = offset.saturating_add(buffer.len() as u64);
        let within = |extent: &&Extent<Record>| extent.offset < end && extent.end() > offset;
        for extent in look.extents.iter().filter(within) {
            let extent = &extent.clone().clip(offset, end);
            let start = usize::try_from(extent.offset - offset).map_err(|_| Error::new(Errno::INVAL))?;
            let len = usize::try_from(extent.len).map_err(|_| Error::new(Errno::INVAL))?;
            self.read_extent(file, extent, &mut buffer[start..start + len])?;
        }
        Ok(())
    }

    /// Reads dirty bytes back from the journal.
    ///
    /// # Errors
    /// Those of reading it; `EIO` if they are not what was written.
    pub(crate) fn read_extent(
        &self,
        file: &DirtyFile,
        extent: &Extent<Record>,
        buffer: &mut [u8],
    ) -> Result<()> {
        let read = extent.record.read(extent.skip, buffer);
        read.map_err(|error| error.into_error().on("reading from the journal", file.told()))
    }
}
