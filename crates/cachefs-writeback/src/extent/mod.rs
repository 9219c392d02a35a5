//! Which bytes of a file are dirty, and where in the journal they lie.

mod map;
mod pieces;
mod run;
#[cfg(test)]
mod tests;
mod weight;

pub(crate) use map::ExtentMap;
pub(crate) use pieces::{Piece, Pieces};
pub(crate) use run::Run;
pub(crate) use weight::{EXTENT_MEMORY, Weight};

use crate::journal::Seq;

/// Dirty bytes of a file that lie side by side in one record. `R` is the handle of the record, of which a clone keeps
/// it readable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Extent<R> {
    /// Where in the file it begins, in bytes.
    pub(crate) offset: u64,
    /// Bytes, at least one. `offset + len` does not overflow.
    pub(crate) len: u64,
    /// Bytes of the record's payload before the first of these.
    pub(crate) skip: u64,
    /// When it was written.
    pub(crate) seq: Seq,
    /// The record.
    pub(crate) record: R,
}

impl<R> Extent<R> {
    /// The first byte behind it.
    pub(crate) const fn end(&self) -> u64 {
        self.offset + self.len
    }

    /// Takes off what lies before `start` and what lies from `end` on. Something must be left.
    pub(crate) fn clip(mut self, start: u64, end: u64) -> Self {
        let before = start.saturating_sub(self.offset);
        let after = self.end().saturating_sub(end);
        self.offset += before;
        self.skip += before;
        self.len -= before + after;
        self
    }

    /// Whether `next` goes on where this ends, in the file and in the same record.
    fn goes_on_in(&self, next: &Self) -> bool {
        self.seq == next.seq && self.end() == next.offset && self.skip + self.len == next.skip
    }
}
