use cachefs_vfs::{Errno, Error};

use super::segment::Segment;
use super::{BootId, JournalError, SegmentNo, Seq};
use crate::sync::Arc;

/// Bytes read at once to verify a record.
const STEP: usize = 64 << 10;

/// A record in the journal. While a clone of it lives its segment stays, and all later ones.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(super) segment: Arc<Segment>,
    pub(super) seq: Seq,
    /// Where its payload begins in the segment's file.
    pub(super) payload: u64,
    pub(super) payload_len: u32,
    pub(super) payload_crc: u32,
}

impl Record {
    /// Its place in the order of all.
    pub(crate) fn seq(&self) -> Seq {
        self.seq
    }

    /// The segment that has it.
    pub(crate) fn segment(&self) -> SegmentNo {
        self.segment.no
    }

    /// The run of the system in which it was written, where that can be told.
    pub(crate) fn boot(&self) -> Option<BootId> {
        self.segment.boot
    }

    /// The bytes of its payload.
    pub(crate) fn payload_len(&self) -> u64 {
        u64::from(self.payload_len)
    }

    /// Reads its payload from byte `skip` on; also without the journal, and after the segment's name is gone. Of a
    /// record that was not read before all of it is, to be verified.
    ///
    /// # Errors
    /// Those of reading; `EIO` for what is not as it was written; `EINVAL` beyond the payload.
    pub(crate) fn read(&self, skip: u64, buffer: &mut [u8]) -> Result<(), JournalError> {
        let end = skip.checked_add(buffer.len() as u64);
        if end.is_none_or(|end| end > self.payload_len()) {
            return Err(self.blame("reading beyond a record of", Errno::INVAL));
        }
        let whole = buffer.len() as u64 == self.payload_len();
        if !whole && !self.segment.verified.has(self.seq) {
            self.verify()?;
        }
        self.fill(skip, buffer)?;
        if whole { self.check(crc32c::crc32c(buffer)) } else { Ok(()) }
    }

    /// Reads it to see whether it is as it was written.
    fn verify(&self) -> Result<(), JournalError> {
        let len = usize::try_from(self.payload_len).unwrap_or(usize::MAX);
        let mut piece = vec![0; len.min(STEP)];
        let (mut sum, mut done) = (0, 0);
        while done < len {
            let step = (len - done).min(STEP);
            self.fill(done as u64, &mut piece[..step])?;
            sum = crc32c::crc32c_append(sum, &piece[..step]);
            done += step;
        }
        self.check(sum)
    }

    fn fill(&self, skip: u64, buffer: &mut [u8]) -> Result<(), JournalError> {
        if self.segment.file.read(buffer, self.payload + skip)? < buffer.len() {
            return Err(self.blame("reading what was cut off", Errno::IO));
        }
        Ok(())
    }

    fn check(&self, sum: u32) -> Result<(), JournalError> {
        if sum != self.payload_crc {
            return Err(self.blame("verifying a record of", Errno::IO));
        }
        self.segment.verified.note(self.seq);
        Ok(())
    }

    fn blame(&self, what: &'static str, errno: Errno) -> JournalError {
        JournalError::Io(self.segment.file.name.blame(what, Error::new(errno)))
    }
}
