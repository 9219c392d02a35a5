use cachefs_vfs::{Errno, Error, Result, VFile, nowait};

use super::Core;
use crate::dirty::{DirtyFile, State};
use crate::extent::Extent;
use crate::journal::Record;
use crate::sync::Arc;

/// Looks at a file that is truncated again and again before the reader asks for its turn.
const LOOKS_MAX: usize = 8;

/// What is dirty of a range at one moment.
struct Look {
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
    fn covers(&self, len: u64) -> bool {
        self.extents.iter().map(|extent| extent.len).sum::<u64>() == len
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
        for _ in 0..LOOKS_MAX {
            let look = {
                let state = file.state();
                (!state.cutting).then(|| Look::at(&state, offset, len))
            };
            let Some(look) = look else {
                drop(self.turn_of(Arc::clone(file))?);
                continue;
            };
            let count = self.read_look(file, &look, handle, buffer, offset)?;
            if file.state().epoch == look.epoch {
                return Ok(count);
            }
        }
        nowait::check()?;
        let turn = self.turn_of(Arc::clone(file))?;
        let look = Look::at(&turn.file().state(), offset, len);
        self.read_look(file, &look, handle, buffer, offset)
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
            let limit = usize::try_from(look.cut.saturating_sub(offset)).unwrap_or(whole).min(whole);
            let there = handle.read_at(&mut buffer[..limit], offset)?;
            let reaches = usize::try_from(look.end.saturating_sub(offset)).unwrap_or(whole).min(whole);
            let count = there.max(reaches);
            buffer[there..count].fill(0);
            self.lay_over(file, look, &mut buffer[..count], offset)?;
            return Ok(count);
        }
        self.lay_over(file, look, buffer, offset)?;
        Ok(whole)
    }

    fn lay_over(&self, file: &DirtyFile, look: &Look, buffer: &mut [u8], offset: u64) -> Result<()> {
        for extent in &look.extents {
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
