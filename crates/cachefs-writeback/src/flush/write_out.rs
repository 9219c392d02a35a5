use cachefs_vfs::{Errno, Error, Privileges, Result, VFile};

use crate::core::{Core, SoFar};
use crate::dirty::DirtyFile;
use crate::extent::{Run, Weight};
use crate::journal::{Record, Seq};
use crate::pressure::Flushing;

/// Bytes in one write to the backing.
const WRITE_MAX: u64 = 1 << 20;

impl Core {
    /// Writes to the backing what was written to the file up to `upto`, by offset. What is overwritten meanwhile is
    /// left to the next flush. Answers how many bytes it was.
    ///
    /// # Errors
    /// Those of the backing and of reading the journal. Part of it may be written.
    pub(super) fn write_out(
        &self,
        file: &DirtyFile,
        handle: &dyn VFile,
        upto: Seq,
        pace: &Flushing<'_>,
        so_far: &SoFar<'_>,
    ) -> Result<u64> {
        let (mut from, mut written, mut buffer) = (0, 0, Vec::new());
        loop {
            let run = file.state().extents.run(from, upto, WRITE_MAX);
            let Some(run) = run else { return Ok(written) };
            self.read_run(file, &run, &mut buffer)?;
            self.check_stopped()?;
            write_whole(handle, &buffer, run.offset, pace)?;
            pace.wrote(Weight { bytes: 0, extents: run.extents.len() as u64 });
            file.moves(self.clock.now());
            so_far.wrote(run.len);
            written += run.len;
            from = run.end();
        }
    }

    fn read_run(&self, file: &DirtyFile, run: &Run<Record>, buffer: &mut Vec<u8>) -> Result<()> {
        let len = usize::try_from(run.len).map_err(|_| Error::new(Errno::INVAL))?;
        buffer.resize(len, 0);
        let mut rest = &mut buffer[..];
        for extent in &run.extents {
            let len = usize::try_from(extent.len).map_err(|_| Error::new(Errno::INVAL))?;
            let (bytes, behind) = rest.split_at_mut(len);
            self.read_extent(file, extent, bytes)?;
            rest = behind;
        }
        Ok(())
    }
}

/// Goes on after short writes, which say that the rest failed but not why.
fn write_whole(handle: &dyn VFile, mut data: &[u8], mut offset: u64, pace: &Flushing<'_>) -> Result<()> {
    while !data.is_empty() {
        let count = handle.write_at(data, offset, Privileges::Keep)?;
        if count == 0 {
            return Err(Error::new(Errno::IO));
        }
        let count = count.min(data.len());
        pace.wrote(Weight { bytes: count as u64, extents: 0 });
        data = &data[count..];
        offset += count as u64;
    }
    Ok(())
}
