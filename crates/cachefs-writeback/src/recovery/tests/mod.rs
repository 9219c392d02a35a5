//! The fold against an interpreter that keeps bytes instead of ranges, and single histories.

mod histories;
mod naive;
mod random;
mod verdicts;

use std::path::PathBuf;

use cachefs_vfs::{FileId, Time, Version};

use super::file::RecoveredFile;
use super::fold::Fold;
use crate::journal::{Entry, FileNo, Seq};

/// A record as the tests have it: its own number.
pub(super) type Handle = u64;

/// A journal's content: entries with the length of their payload.
#[derive(Debug, Default)]
pub(super) struct History(pub(super) Vec<(Seq, u64, Entry)>);

impl History {
    pub(super) fn push(&mut self, len: u64, entry: Entry) -> Seq {
        let seq = self.0.last().map_or(Seq(1), |(seq, _, _)| seq.next());
        self.0.push((seq, len, entry));
        seq
    }

    pub(super) fn fold(&self) -> Fold<Handle> {
        let mut fold = Fold::new();
        for (seq, len, entry) in &self.0 {
            fold.take(*seq, &seq.0, *len, entry);
        }
        fold
    }

    pub(super) fn files(&self) -> Vec<RecoveredFile<Handle>> {
        self.fold().finish()
    }

    /// The only file.
    pub(super) fn file(&self) -> RecoveredFile<Handle> {
        let mut files = self.files();
        assert_eq!(files.len(), 1);
        files.remove(0)
    }
}

pub(super) const fn at(seconds: i64) -> Time {
    Time { seconds, nanos: 0 }
}

/// A version of this size, of which all times are this one.
pub(super) const fn version(size: u64, seconds: i64) -> Version {
    Version { size, mtime: at(seconds), ctime: at(seconds), tag: 0 }
}

pub(super) const fn id(inode: u64) -> FileId {
    FileId { device: 1, inode, generation: 1 }
}

pub(super) fn entry_file(no: u64, path: &str, own: Version) -> Entry {
    Entry::File { no: FileNo(no), id: id(no), path: PathBuf::from(path), own }
}

pub(super) const fn data(no: u64, offset: u64, seconds: i64) -> Entry {
    Entry::Data { no: FileNo(no), offset, mtime: at(seconds) }
}

/// The dirty ranges: offset, length, record.
pub(super) fn ranges(file: &RecoveredFile<Handle>) -> Vec<(u64, u64, u64)> {
    file.extents.iter().map(|extent| (extent.offset, extent.len, extent.record)).collect()
}
