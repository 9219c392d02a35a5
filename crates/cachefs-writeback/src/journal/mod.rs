//! The write-ahead log of dirty bytes.

mod entry;
mod error;
mod mirror;
mod number;
mod record;
mod scan;
mod segment;
mod setup;

use cachefs_vfs::{Error, VDir};

pub(crate) use entry::Entry;
pub(crate) use error::JournalError;
pub(crate) use number::{FileNo, SegmentNo, Seq};
pub(crate) use record::Record;
pub(crate) use scan::{Damage, LostBytes, Scan};
pub(crate) use setup::{BootId, JournalUsage, Setup, SourceId};

use crate::sync::Arc;

/// The journal: records in segments, appended at one end and reclaimed at the other.
#[derive(Debug)]
pub(crate) struct Journal;

impl Journal {
    /// Opens the journal in `dir`: reads and verifies all that is there. An empty directory makes a new one. Records to
    /// come go into a new segment.
    ///
    /// # Errors
    /// `WrongSource`, `Version`, `Io`. What is damaged is no error, but told in the scan.
    pub(crate) fn open(dir: Arc<dyn VDir>, setup: Setup) -> Result<(Self, Scan), JournalError> {
        let _ = (dir, setup);
        Err(JournalError::Io(Error::unsupported()))
    }

    /// Reads all that is there and changes nothing; of whatever source.
    ///
    /// # Errors
    /// `Version`, `Io`.
    pub(crate) fn inspect(dir: &Arc<dyn VDir>, boot: BootId) -> Result<Scan, JournalError> {
        let _ = (dir, boot);
        Err(JournalError::Io(Error::unsupported()))
    }

    /// Writes a record; it is in the file when this returns.
    ///
    /// # Errors
    /// `Full`: nothing was written. `Broken`, from the first failure on for ever.
    pub(crate) fn append(&self, entry: &Entry, payload: &[u8]) -> Result<Record, JournalError> {
        let _ = (entry, payload);
        Err(JournalError::Io(Error::unsupported()))
    }

    /// Reads the payload of a record from its byte `skip` on. One that is read whole is verified.
    ///
    /// # Errors
    /// As [`Record::read`].
    pub(crate) fn read(&self, record: &Record, skip: u64, buffer: &mut [u8]) -> Result<(), JournalError> {
        record.read(skip, buffer)
    }

    /// Waits until all records up to `upto` are durable. One thread syncs for all that wait.
    ///
    /// # Errors
    /// `Broken`, from the first failure on for ever; not for what is durable already.
    pub(crate) fn commit(&self, upto: Seq) -> Result<(), JournalError> {
        let _ = upto;
        Err(JournalError::Io(Error::unsupported()))
    }

    /// The last record that was written.
    pub(crate) fn last(&self) -> Seq {
        Seq(0)
    }

    /// The last record that is durable, with all before it.
    pub(crate) fn committed(&self) -> Seq {
        Seq(0)
    }

    /// Makes everything durable, then removes the oldest segments, strictly in order, of which no record is held.
    /// Answers how many bytes that freed.
    ///
    /// # Errors
    /// `Broken`; `Io` if a file could not be removed, which may be tried again.
    pub(crate) fn reclaim(&self) -> Result<u64, JournalError> {
        Ok(0)
    }

    /// The oldest segment of which a record is held.
    pub(crate) fn oldest_held(&self) -> Option<SegmentNo> {
        None
    }

    /// How much room it takes.
    pub(crate) fn usage(&self) -> JournalUsage {
        JournalUsage::default()
    }

    /// What broke it.
    pub(crate) fn broken(&self) -> Option<Error> {
        None
    }
}
