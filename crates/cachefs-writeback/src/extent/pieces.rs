use std::collections::btree_map;
use std::iter::Peekable;

use super::Extent;
use crate::journal::Seq;

/// A part of a range of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a, R> {
    /// Clean: the backing's bytes, or none where its file ends before.
    Gap {
        /// Where in the file.
        offset: u64,
        /// Bytes, at least one.
        len: u64,
    },
    /// Dirty: the journal's bytes. As [`Extent`].
    Dirty {
        /// Where in the file.
        offset: u64,
        /// Bytes, at least one.
        len: u64,
        /// Bytes of the record's payload before the first of these.
        skip: u64,
        /// When it was written.
        seq: Seq,
        /// The record.
        record: &'a R,
    },
}

impl<R: Clone> Piece<'_, R> {
    /// An extent of its own if it is dirty.
    pub(crate) fn into_extent(self) -> Option<Extent<R>> {
        match self {
            Self::Gap { .. } => None,
            Self::Dirty { offset, len, skip, seq, record } => {
                Some(Extent { offset, len, skip, seq, record: record.clone() })
            }
        }
    }
}

/// The pieces of a range, in order and without a break.
#[derive(Debug)]
pub(crate) struct Pieces<'a, R> {
    extents: Peekable<btree_map::Range<'a, u64, Extent<R>>>,
    /// Where the next piece begins.
    at: u64,
    end: u64,
}

impl<'a, R> Pieces<'a, R> {
    /// `extents` are those that reach into `at..end`.
    pub(super) fn new(extents: btree_map::Range<'a, u64, Extent<R>>, at: u64, end: u64) -> Self {
        Self { extents: extents.peekable(), at, end }
    }
}

impl<'a, R> Iterator for Pieces<'a, R> {
    type Item = Piece<'a, R>;

    fn next(&mut self) -> Option<Piece<'a, R>> {
        let offset = self.at;
        if offset >= self.end {
            return None;
        }
        let next = self.extents.peek().map_or(self.end, |(_, extent)| extent.offset.min(self.end));
        if next > offset {
            self.at = next;
            return Some(Piece::Gap { offset, len: next - offset });
        }
        let (_, extent) = self.extents.next()?;
        self.at = extent.end().min(self.end);
        let (skip, len) = (extent.skip + (offset - extent.offset), self.at - offset);
        Some(Piece::Dirty { offset, len, skip, seq: extent.seq, record: &extent.record })
    }
}
