//! Reading what a journal has from before.

mod gather;
mod opened;
mod settle;
mod walk;
mod window;

use super::{Entry, FileNo, Record, Seq};

pub(super) use opened::list;
pub(super) use settle::{Found, read};

/// What an opened journal has from before.
#[derive(Debug)]
pub(crate) struct Scan {
    /// All records that are whole, in their order. Each holds its segment.
    pub(crate) records: Vec<(Record, Entry)>,
    /// What is missing between them, in order.
    pub(crate) damage: Vec<Damage>,
    /// What lies unfinished behind the last of them: a write that did not return, or, after a loss of power, one that
    /// was not synced; no damage as far as anybody can tell.
    pub(crate) torn: Vec<Damage>,
    /// Whether all of it was written in this run of the system, so that nothing can have got lost with the power.
    pub(crate) same_boot: bool,
}

/// Records that are lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Damage {
    /// The first of them.
    pub(crate) first: Seq,
    /// The last of them.
    pub(crate) last: Seq,
    /// Which bytes of which file, where that could be read and only they are lost.
    pub(crate) bytes: Option<LostBytes>,
    /// Whether they surely had been written: false where all may be as it should be after a loss of power, because
    /// nothing says that they had been synced.
    pub(crate) certain: bool,
}

/// Bytes of a file that were in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LostBytes {
    /// Which file.
    pub(crate) no: FileNo,
    /// Where in it, in bytes.
    pub(crate) offset: u64,
    /// How many.
    pub(crate) length: u64,
}
