use serde::{Deserialize, Serialize};

/// The place of a record in the order of all records of a journal, from 1, without holes. 0 stands before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Seq(pub(crate) u64);

impl Seq {
    /// The one after this.
    pub(crate) const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// A file as the journal calls it, from its `File` entry to its `Done`. Never used again in the same journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct FileNo(pub(crate) u64);

/// A segment of the journal, from 1; its file is named after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SegmentNo(pub(crate) u64);
