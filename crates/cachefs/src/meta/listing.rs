use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use cachefs_vfs::{Cookie, DirEntry, FileKind, Name};

/// A part of a directory's listing as the backing gave it. Never changes, so that it is read without a lock.
#[derive(Debug)]
pub(crate) struct Chunk {
    entries: Box<[Entry]>,
    /// The names of all entries, one after the other.
    names: Box<[u8]>,
}

/// One entry, without its name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// Where its name ends in the names of the chunk; it begins where the one before ends.
    name_end: u32,
    kind: Option<FileKind>,
    inode: u64,
    next: Cookie,
}

impl Chunk {
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The place after the last entry.
    pub(crate) fn last(&self) -> Option<Cookie> {
        self.entries.last().map(|entry| entry.next)
    }

    /// How many entries lie before the place `after`; `None` if it is not a place between entries of this chunk or
    /// after its last one.
    pub(crate) fn position(&self, after: Cookie) -> Option<usize> {
        self.entries.binary_search_by_key(&after, |entry| entry.next).ok().map(|before| before + 1)
    }

    /// The entry with this number.
    pub(crate) fn entry(&self, number: usize) -> Option<DirEntry<'_>> {
        let entry = self.entries.get(number)?;
        let start = number.checked_sub(1).map_or(0, |before| self.entries[before].name_end as usize);
        let name = Name::new(OsStr::from_bytes(&self.names[start..entry.name_end as usize])).ok()?;
        Some(DirEntry { name, inode: entry.inode, kind: entry.kind, next: entry.next, attr: None })
    }
}

/// Writes down a listing while it is read.
#[derive(Debug)]
pub(crate) struct Recorder {
    entries: Vec<Entry>,
    names: Vec<u8>,
    last: Cookie,
    entries_max: usize,
    /// Whether everything was written down.
    whole: bool,
}

impl Recorder {
    /// Begins after a place; takes at most this many entries.
    pub(crate) fn new(after: Cookie, entries_max: usize) -> Self {
        Self { entries: Vec::new(), names: Vec::new(), last: after, entries_max, whole: true }
    }

    /// Takes the next entry. One beyond the limit spoils the record, and so does a place that does not grow, for it
    /// could not be found again.
    pub(crate) fn take(&mut self, entry: &DirEntry<'_>) {
        let name_end = u32::try_from(self.names.len() + entry.name.as_bytes().len());
        let (true, Ok(name_end)) = (self.whole && self.entries.len() < self.entries_max, name_end) else {
            return self.spoil();
        };
        if entry.next <= self.last {
            return self.spoil();
        }
        self.last = entry.next;
        self.names.extend_from_slice(entry.name.as_bytes());
        self.entries.push(Entry { name_end, kind: entry.kind, inode: entry.inode, next: entry.next });
    }

    /// How many were taken.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.whole
    }

    /// The record, if nothing is missing in it.
    pub(crate) fn finish(self) -> Option<Chunk> {
        self.whole
            .then(|| Chunk { entries: self.entries.into_boxed_slice(), names: self.names.into_boxed_slice() })
    }

    fn spoil(&mut self) {
        self.whole = false;
        self.entries = Vec::new();
        self.names = Vec::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(recorder: &mut Recorder, name: &str, next: u64) {
        let name = Name::new(name).expect("a name");
        recorder.take(&DirEntry { name, inode: next, kind: None, next: Cookie(next), attr: None });
    }

    #[test]
    fn a_record_gives_back_what_it_took() {
        let mut recorder = Recorder::new(Cookie(5), 10);
        for (name, next) in [("one", 7), ("two", 12), ("three", 13)] {
            record(&mut recorder, name, next);
        }
        let chunk = recorder.finish().expect("whole");
        let names: Vec<_> =
            (0..chunk.len()).filter_map(|n| chunk.entry(n)).map(|e| e.name.to_string()).collect();
        assert_eq!(names, ["one", "two", "three"]);
        assert_eq!((chunk.position(Cookie(7)), chunk.position(Cookie(13))), (Some(1), Some(3)));
        assert_eq!(chunk.position(Cookie(8)), None);
        assert_eq!(chunk.last(), Some(Cookie(13)));
    }

    #[test]
    fn places_that_do_not_grow_and_too_many_entries_spoil_the_record() {
        let mut backwards = Recorder::new(Cookie(5), 10);
        record(&mut backwards, "a", 5);
        assert!(backwards.finish().is_none());
        let mut long = Recorder::new(Cookie::START, 1);
        record(&mut long, "a", 1);
        assert!(long.is_whole());
        record(&mut long, "b", 2);
        assert!(long.finish().is_none());
    }
}
