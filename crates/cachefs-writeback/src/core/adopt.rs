use std::path::PathBuf;

use cachefs_vfs::clock::Moment;
use cachefs_vfs::{Attr, Error, FileId, Time, VFile, Version};

use super::Core;
use crate::dirty::DirtyFile;
use crate::extent::ExtentMap;
use crate::journal::{Entry, FileNo, Record};
use crate::overlay::Place;
use crate::sync::Arc;

/// A dirty file that a replay found.
#[derive(Debug)]
pub(crate) struct Adopted {
    /// Its number in the journal so far.
    pub(crate) no: FileNo,
    /// Which file of the backing it is.
    pub(crate) id: FileId,
    /// Where it is, or was.
    pub(crate) path: PathBuf,
    /// Where it is, if the backing was asked.
    pub(crate) place: Option<Arc<Place>>,
    /// Its version at the backing: if the backing was asked, that which it has.
    pub(crate) own: Version,
    /// Its dirty bytes.
    pub(crate) extents: ExtentMap<Record>,
    /// When it was last written to.
    pub(crate) mtime: Option<Time>,
    /// The backing's attributes, just asked.
    pub(crate) attr: Option<Attr>,
    /// A handle of the backing, good for writing; where there is none the flush opens one.
    pub(crate) handle: Option<Arc<dyn VFile>>,
    /// A length that the backing refused to take so far.
    pub(crate) truncate: Option<u64>,
    /// Why it can't be flushed now, if that is known.
    pub(crate) error: Option<Error>,
    /// What is in the journal may have been promised to a caller of fsync.
    pub(crate) promised: bool,
    /// A flush or verb may have been going on: whatever version the backing has may be ours.
    pub(crate) open: bool,
    /// Windows that the journal has open.
    pub(crate) windows: u32,
}

impl Core {
    /// Takes over a dirty file that a replay found, and everything that is dirty of it. No I/O but for a record in the
    /// journal.
    pub(crate) fn adopt(&self, adopted: Adopted) -> Arc<DirtyFile> {
        let file = self.table.enter(adopted.id);
        let now = self.clock.now();
        let mut state = file.state();
        let Adopted { no, id, path, own, .. } = adopted;
        let entry = Entry::File { no, id, path: path.clone(), own };
        state.no = Some(no);
        state.anchor = self.note(&mut state, &entry);
        state.hint = path;
        state.place = adopted.place;
        state.own = Some(own);
        (state.open, state.windows) = (adopted.open, adopted.windows);
        // What other names it had, and whether their removal is durable, nobody knows.
        state.several = true;
        state.promised = adopted.promised;
        state.truncate = adopted.truncate;
        state.handle = adopted.handle;
        state.seen = adopted.attr.map(|attr| (attr, now));
        state.mtime = adopted.mtime.unwrap_or(own.mtime);
        state.ctime = state.mtime.max(own.ctime);
        // Due at once.
        let age = u64::try_from(self.config.dirty_age.as_nanos()).unwrap_or(u64::MAX);
        (state.first, state.last) = (Moment(now.0.saturating_sub(age)), now);
        state.wrote += 2;
        if let Some(error) = &adopted.error {
            state.latch(error);
        }
        self.pressure.add(adopted.extents.weight());
        state.extents = adopted.extents;
        self.table.became_dirty(&file, usize::MAX);
        self.place_again(&mut state);
        drop(state);
        self.bell.ring();
        file
    }
}
