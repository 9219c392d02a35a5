use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use cachefs_vfs::FileId;

use super::file::RecoveredFile;
use crate::extent::Extent;
use crate::journal::{Entry, FileNo, Seq};

/// Goes through the journal from its beginning and learns what is left to be done. Pure: no I/O.
#[derive(Debug)]
pub(crate) struct Fold<R> {
    files: BTreeMap<FileNo, RecoveredFile<R>>,
    /// The number each goes by.
    numbers: HashMap<FileId, FileNo>,
    number_max: FileNo,
    /// Records were passed over that may never have been durable, and none that were.
    unpromised: bool,
}

impl<R: Clone> Fold<R> {
    pub(crate) fn new() -> Self {
        Self { files: BTreeMap::new(), numbers: HashMap::new(), number_max: FileNo(0), unpromised: false }
    }

    /// The next record: its place, a handle, the length of its payload, what it says.
    pub(crate) fn take(&mut self, seq: Seq, record: &R, payload_len: u64, entry: &Entry) {
        match entry {
            Entry::Rename { no: None, from, to } => {
                self.files.values_mut().for_each(|file| file.paths.rename(from, to));
            }
            Entry::Rename { no: Some(no), to, .. } => self.file(*no).paths.put(to.clone()),
            Entry::File { no, id, path, own } => {
                self.goes_by(*id, *no);
                let file = self.file(*no);
                file.id = Some(*id);
                file.paths.put(path.clone());
                file.checkpoint(*own);
            }
            Entry::Data { no, offset, mtime } => {
                if offset.checked_add(payload_len).is_some() {
                    let record = record.clone();
                    let extent = Extent { offset: *offset, len: payload_len, skip: 0, seq, record };
                    self.file(*no).data(&extent, *mtime);
                }
            }
            Entry::Truncate { no, length, mtime } => self.file(*no).truncate(seq, *length, *mtime),
            Entry::Window { no } => self.file(*no).windows.verbs += 1,
            Entry::Own { no, own } => self.file(*no).verb_end(*own),
            Entry::Gone { no } => self.file(*no).gone = true,
            Entry::Stays { no } => self.file(*no).stays(),
            Entry::FlushBegin { no, own, .. } => self.file(*no).begin_flush(*own),
            Entry::FlushEnd { no, upto, own } => {
                let file = self.file(*no);
                file.own(*own);
                file.windows.flush = false;
                file.let_go(*upto);
            }
            Entry::Conflict { no, upto, .. } => self.file(*no).kept_beside(*upto),
            Entry::Done { no } => {
                self.number(*no);
                self.files.remove(no);
            }
        }
    }

    /// Records of unknown files are missing behind `after`. Answers the files that were dirty then.
    pub(crate) fn hole(&mut self, after: Seq) -> Vec<FileNo> {
        self.unpromised = false;
        let dirty = self.files.values_mut().filter(|file| !file.is_done());
        dirty
            .map(|file| {
                file.hole(after);
                file.no
            })
            .collect()
    }

    /// Records are missing that may never have been durable, for all that anybody knows.
    pub(crate) fn gap(&mut self) {
        self.unpromised = true;
    }

    /// The payload of a write is lost: so many bytes at that offset.
    pub(crate) fn lost(&mut self, seq: Seq, no: FileNo, offset: u64, len: u64) {
        if offset.checked_add(len).is_some() {
            self.file(no).lose(seq, offset, len);
        }
    }

    /// The highest number a file had.
    pub(crate) const fn number_max(&self) -> FileNo {
        self.number_max
    }

    /// Where a file is, as far as is known by now.
    pub(crate) fn path(&self, no: FileNo) -> Option<&Path> {
        self.files.get(&no)?.paths.newest()
    }

    /// The files for which something is left to be done or to be told, by number.
    pub(crate) fn finish(self) -> Vec<RecoveredFile<R>> {
        self.files.into_values().filter(|file| !file.is_done() || !file.lost.is_empty()).collect()
    }

    fn file(&mut self, no: FileNo) -> &mut RecoveredFile<R> {
        self.number(no);
        let unpromised = self.unpromised;
        self.files.entry(no).or_insert_with(|| RecoveredFile { unpromised, ..RecoveredFile::new(no) })
    }

    /// A file gets a new number only when it is done with under the old one, whether the record of that is there or
    /// not.
    fn goes_by(&mut self, id: FileId, no: FileNo) {
        if let Some(old) = self.numbers.insert(id, no)
            && old != no
        {
            self.files.remove(&old);
        }
    }

    fn number(&mut self, no: FileNo) {
        self.number_max = self.number_max.max(no);
    }
}
