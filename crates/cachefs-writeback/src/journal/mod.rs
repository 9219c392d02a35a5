//! The write-ahead log of dirty bytes: records in segments, which are files of one directory.
//!
//! Records are appended at one end, under one lock, numbered without holes, and segments are removed at the other, in
//! order, once nobody holds a record of them. A record is believed only where it was written and as it was written.

mod commit;
mod end;
mod entry;
mod error;
mod head;
mod latch;
mod list;
mod mirror;
mod number;
mod reclaim;
mod record;
mod room;
mod scan;
mod segment;
mod setup;
#[cfg(test)]
mod tests;
mod verified;
mod wire;

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use cachefs_vfs::{Access, Error, VDir};

pub(crate) use entry::Entry;
pub(crate) use error::JournalError;
pub(crate) use number::{FileNo, SegmentNo, Seq};
pub(crate) use record::Record;
pub(crate) use scan::{Damage, Scan};
pub(crate) use setup::{BootId, JournalUsage, Setup, SourceId};

use crate::sync::{Arc, AtomicU64, Mutex, Ordering};
use commit::Commit;
use end::End;
use latch::Latch;
use list::List;
use scan::Found;

/// The journal: records in segments, appended at one end and reclaimed at the other.
///
/// Lock order: who reclaims, who syncs, the end, then the list and the latch.
#[derive(Debug)]
pub(crate) struct Journal {
    dir: Arc<dyn VDir>,
    setup: Setup,
    nonce: u32,
    reclaiming: Mutex<()>,
    commit: Commit,
    end: Mutex<End>,
    last: AtomicU64,
    list: Mutex<List>,
    latch: Latch,
}

impl Journal {
    /// Opens the journal in `dir`: reads and verifies all that is there. An empty directory makes a new one. Records to
    /// come go into a new segment, which the first of them creates.
    ///
    /// # Errors
    /// `WrongSource`, `Version`, `Io`. What is damaged is no error, but told in the scan.
    pub(crate) fn open(dir: Arc<dyn VDir>, setup: Setup) -> Result<(Self, Scan), JournalError> {
        let setup = setup.checked();
        let found = scan::read(&*dir, Access::ReadWrite, Some(setup.source), setup.boot)?;
        let Found { scan, segments, unused, last, committed, nonce, newest } = found;
        for segment in unused {
            segment.file.remove(&*dir)?;
        }
        if !scan.torn.is_empty() {
            tracing::info!(torn = ?scan.torn, "the journal ends with what was never finished");
        }
        let journal = Self {
            dir,
            setup,
            nonce: nonce.unwrap_or_else(random),
            reclaiming: Mutex::new(()),
            commit: Commit::from(committed),
            end: Mutex::new(End::new(last, newest, &segments)),
            last: AtomicU64::new(last.0),
            list: Mutex::new(List::of(segments)),
            latch: Latch::default(),
        };
        Ok((journal, scan))
    }

    /// Reads all that is there and changes nothing; of whatever source.
    ///
    /// # Errors
    /// `Version`, `Io`.
    pub(crate) fn inspect(dir: &Arc<dyn VDir>, boot: BootId) -> Result<Scan, JournalError> {
        Ok(scan::read(&**dir, Access::Read, None, boot)?.scan)
    }

    /// The last record that was written.
    pub(crate) fn last(&self) -> Seq {
        Seq(self.last.load(Ordering::Acquire))
    }

    /// The last record that is known to be durable, with all before it.
    pub(crate) fn committed(&self) -> Seq {
        self.commit.durable()
    }

    /// How much room it takes.
    pub(crate) fn usage(&self) -> JournalUsage {
        self.list.lock().usage(self.setup.bytes_max)
    }

    /// What broke it.
    pub(crate) fn broken(&self) -> Option<Error> {
        self.latch.get()
    }
}

/// A number that no other journal is likely to have.
fn random() -> u32 {
    let [a, b, c, d, ..] = RandomState::new().hash_one(0_u8).to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}
