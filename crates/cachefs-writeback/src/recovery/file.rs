use std::collections::VecDeque;
use std::path::PathBuf;

use cachefs_vfs::{FileId, Time, Version};

use super::lengths::Lengths;
use super::paths::Paths;
use crate::extent::{Extent, ExtentMap};
use crate::journal::{FileNo, Seq};

/// Own versions that are remembered.
const BEFORE_MAX: usize = 64;

/// What the journal knows of one file.
#[derive(Clone, Debug)]
pub(crate) struct RecoveredFile<R> {
    /// Its number in the journal.
    pub(crate) no: FileNo,
    /// Which file it is; `None` if the record that says so is lost.
    pub(crate) id: Option<FileId>,
    /// Where it may be.
    pub(crate) paths: Paths,
    /// The backing's version as our last verb or flush left it.
    pub(crate) own: Option<Version>,
    /// The newest change of ours that is recorded.
    pub(crate) newest_ctime: Option<Time>,
    /// The mtimes of the last own versions.
    pub(super) before: VecDeque<Time>,
    /// What the backing's length may be.
    pub(super) lengths: Lengths,
    /// What was under way at the end.
    pub(crate) windows: Windows,
    /// Its dirty bytes.
    pub(crate) extents: ExtentMap<R>,
    /// A truncation that the backing may not have seen.
    pub(crate) cut: Option<Cut<R>>,
    /// Its last name was about to be removed, by us.
    pub(crate) gone: bool,
    /// What says whose bytes these are may never have been durable.
    pub(crate) unpromised: bool,
    /// When it was last written to, or what it was set to since.
    pub(crate) mtime: Option<Time>,
    /// Something unknown is missing from what the journal says of it.
    pub(crate) doubt: Option<Doubt>,
    /// Bytes that were written and cannot be read back: neither flushed nor written again since.
    pub(crate) lost: ExtentMap<()>,
}

/// Changes of the backing's file by us that had begun and of whose end nothing is recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Windows {
    /// A flush.
    pub(crate) flush: bool,
    /// Verbs that move the version.
    pub(crate) verbs: u32,
}

impl Windows {
    /// Whether the backing may have a version of ours that is not recorded.
    pub(crate) const fn is_open(self) -> bool {
        self.flush || self.verbs > 0
    }
}

/// A truncation under way.
#[derive(Clone, Debug)]
pub(crate) struct Cut<R> {
    /// The length it makes.
    pub(crate) length: u64,
    seq: Seq,
    /// Windows that were open before it. It is over when no more are.
    outside: u32,
    /// What is dirty if it did not happen.
    otherwise: ExtentMap<R>,
    /// Likewise.
    mtime: Option<Time>,
}

/// A hole in the journal, at a time when this file had dirty bytes before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Doubt {
    /// The last record before the hole.
    pub(crate) after: Seq,
    /// Own versions were recorded since. What made them may be in the hole.
    pub(crate) moved: bool,
}

impl<R: Clone> RecoveredFile<R> {
    pub(super) fn new(no: FileNo) -> Self {
        Self {
            no,
            id: None,
            paths: Paths::default(),
            own: None,
            newest_ctime: None,
            before: VecDeque::new(),
            lengths: Lengths::default(),
            windows: Windows::default(),
            extents: ExtentMap::new(),
            cut: None,
            gone: false,
            unpromised: false,
            mtime: None,
            doubt: None,
            lost: ExtentMap::new(),
        }
    }

    /// Whether nothing is left to do for it.
    pub(crate) fn is_done(&self) -> bool {
        self.extents.is_empty() && self.cut.is_none()
    }

    /// Whether some of its dirty bytes are from before a hole.
    pub(crate) fn is_doubtful(&self) -> bool {
        let Some(doubt) = self.doubt else { return false };
        let cut = self.cut.as_ref().is_some_and(|cut| cut.seq <= doubt.after);
        cut || self.extents.iter().any(|extent| extent.seq <= doubt.after)
    }

    /// The length its dirty bytes give it at least.
    pub(crate) fn end(&self) -> u64 {
        self.extents.end().max(self.cut.as_ref().map_or(0, |cut| cut.length))
    }

    /// How much of the backing's file counts, if it has so many bytes.
    pub(crate) fn size_of_base(&self, size: u64) -> u64 {
        self.cut.as_ref().map_or(size, |cut| size.min(cut.length))
    }

    /// Where it is, for messages.
    pub(crate) fn told(&self) -> Option<PathBuf> {
        self.paths.newest().map(PathBuf::from)
    }

    /// Whether its mtime was once this, by our doing. After a loss of power the ctime may be that of a verb of which
    /// the record is lost, the length any from before, also longer than all that are recorded: a truncation of the
    /// file while it was clean is undone, and its time kept. Nobody else changes bytes without a new mtime.
    pub(crate) fn had_mtime(&self, mtime: Time) -> bool {
        self.before.contains(&mtime)
    }

    pub(super) fn own(&mut self, own: Version) {
        self.lengths = Lengths::only(own.size);
        self.newest_ctime = self.newest_ctime.max(Some(own.ctime));
        if self.before.len() == BEFORE_MAX {
            self.before.pop_front();
        }
        self.before.push_back(own.mtime);
        if self.own.replace(own) != Some(own)
            && let Some(doubt) = &mut self.doubt
        {
            doubt.moved = true;
        }
    }

    pub(super) fn data(&mut self, extent: &Extent<R>, mtime: Time) {
        self.mtime = Some(mtime);
        if let Some(cut) = &mut self.cut {
            cut.otherwise.insert(extent.clone());
            cut.mtime = Some(mtime);
        }
        self.extents.insert(extent.clone());
        let over = Extent { offset: extent.offset, len: extent.len, skip: 0, seq: Seq(0), record: () };
        self.lost.insert(over);
        self.lost.remove_upto(Seq(0));
    }

    pub(super) fn lose(&mut self, seq: Seq, offset: u64, len: u64) {
        self.lost.insert(Extent { offset, len, skip: 0, seq, record: () });
    }

    pub(super) fn truncate(&mut self, seq: Seq, length: u64, mtime: Time) {
        let outside = self.windows.verbs;
        self.windows.verbs += 1;
        self.lengths.or(length);
        let otherwise = self.extents.clone();
        self.extents.cut(length);
        self.lost.cut(length);
        self.cut = Some(Cut { length, seq, outside, otherwise, mtime: self.mtime.replace(mtime) });
    }

    /// It is told of anew.
    pub(super) fn checkpoint(&mut self, own: Version) {
        let before = self.lengths;
        self.own(own);
        if self.windows.is_open() {
            self.lengths.or(before.least);
            self.lengths.or(before.most);
        }
    }

    pub(super) fn begin_flush(&mut self, own: Version) {
        self.own(own);
        let cut = self.cut.as_ref().map_or(own.size, |cut| cut.length);
        self.lengths.or(cut);
        self.lengths.or(self.end().max(own.size));
        self.windows.flush = true;
    }

    /// A verb is over, and left the backing like this: the one that began last.
    pub(super) fn verb_end(&mut self, own: Version) {
        self.windows.verbs = self.windows.verbs.saturating_sub(1);
        let left = self.windows.verbs;
        self.cut.take_if(|cut| left <= cut.outside);
        self.own(own);
        if let Some(cut) = &self.cut {
            self.lengths.or(cut.length);
        }
    }

    /// What was under way did not happen: a removal, or a truncation.
    pub(super) fn stays(&mut self) {
        if let Some(cut) = self.cut.take() {
            self.windows.verbs = self.windows.verbs.saturating_sub(1);
            self.extents = cut.otherwise;
            self.mtime = cut.mtime;
        } else {
            self.gone = false;
        }
    }

    /// What was written up to `upto` is in the backing, or in a file of its own.
    pub(super) fn let_go(&mut self, upto: Seq) {
        self.extents.remove_upto(upto);
        self.lost.remove_upto(upto);
        if let Some(cut) = &mut self.cut {
            cut.otherwise.remove_upto(upto);
        }
    }

    pub(super) fn kept_beside(&mut self, upto: Seq) {
        self.let_go(upto);
        if self.cut.as_ref().is_some_and(|cut| cut.seq <= upto) {
            self.cut = None;
            self.windows.verbs = self.windows.verbs.saturating_sub(1);
        }
    }

    /// Records of unknown files are missing behind `after`.
    pub(super) fn hole(&mut self, after: Seq) {
        self.doubt = Some(Doubt { after, moved: false });
    }
}
