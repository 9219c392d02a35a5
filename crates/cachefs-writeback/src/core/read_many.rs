use std::io::IoSliceMut;

use cachefs_vfs::{Errno, Error, Result, VFile, nowait};

use super::Core;
use crate::dirty::DirtyFile;
use crate::sync::Arc;

impl Core {
    /// As [`Self::read`], into several buffers, one behind the other: one call of the backing at most.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(crate) fn read_many(
        &self,
        file: &Arc<DirtyFile>,
        handle: &dyn VFile,
        buffers: &mut [IoSliceMut<'_>],
        offset: u64,
    ) -> Result<usize> {
        let whole: usize = buffers.iter().map(|buffer| buffer.len()).sum();
        let len = u64::try_from(whole).map_err(|_| Error::new(Errno::INVAL))?;
        self.with_look(file, offset, len, |look| {
            let (there, count) = if look.covers(len) {
                (whole, whole)
            } else {
                nowait::check()?;
                let read = handle.read_many(buffers, offset)?;
                let there = read.min(look.backing_below(offset, whole));
                (there, there.max(look.reaches(offset, whole)))
            };
            let mut at = 0;
            for buffer in &mut *buffers {
                let part = count.saturating_sub(at).min(buffer.len());
                let read = there.saturating_sub(at).min(part);
                buffer[read..part].fill(0);
                self.lay_over(file, look, &mut buffer[..part], offset + at as u64)?;
                at += buffer.len();
            }
            Ok(count)
        })
    }
}
