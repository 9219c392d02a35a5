use cachefs_vfs::Attr;

use super::State;
use crate::coherence::Freshness;
use crate::meta::{Seen, Stamp};

/// Whether others may have a file open for writing, and thus a mapping of it, through which they change it without
/// anybody being told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// Nobody asked yet.
    #[default]
    Unknown,
    /// Nobody has, and nobody opened it since.
    Free,
    /// Somebody may: it is on the list of those that are re-checked.
    Listed,
    /// Somebody may, and the list is full: no watch covers it.
    Crowded,
    /// Somebody may, and nobody here may look, or comes back from it: no watch covers it.
    Unseen,
}

impl Doubt {
    const fn is_unwatched(self) -> bool {
        matches!(self, Self::Crowded | Self::Unseen)
    }
}

/// What is told of changes by others.
impl State {
    /// Whether we were told of all that others did to the bytes since the attributes were asked for.
    pub(crate) fn is_proven(&self, freshness: &Freshness) -> bool {
        self.attr.is_some() && freshness.is_proven(self.seen)
    }

    /// What is answered as long as it is fresh, and when it was asked for.
    pub(in crate::meta) fn answer(&self) -> Option<(&Attr, Seen)> {
        self.attr.as_ref().filter(|_| self.valid).map(|attr| (attr, self.seen))
    }

    /// When the attributes were asked for that the bytes are of.
    pub(crate) fn seen(&self) -> Seen {
        self.seen
    }

    /// Whether changes by others will be told of.
    pub(crate) fn is_covered(&self, freshness: &Freshness) -> bool {
        self.valid && self.is_proven(freshness) && self.doubt != Doubt::Listed
    }

    /// Changes by others will not be told of, nor will answers that were asked for before change that.
    pub(crate) fn lose_cover(&mut self, stamp: Stamp) {
        self.unheard = self.unheard.max(stamp);
        self.seen = self.seen.uncovered();
    }

    /// Whether changes of what was seen then are not told of, whatever covered it.
    pub(super) fn is_unheard(&self, seen: Seen) -> bool {
        self.doubt.is_unwatched() || seen.stamp() < self.unheard
    }

    pub(crate) fn doubt(&self) -> Doubt {
        self.doubt
    }

    pub(crate) fn set_doubt(&mut self, doubt: Doubt) {
        self.doubt = doubt;
        if doubt.is_unwatched() {
            self.seen = self.seen.uncovered();
        }
    }

    /// Somebody wrote to it, and may go on.
    pub(crate) fn doubt_freedom(&mut self) {
        if self.doubt == Doubt::Free {
            self.doubt = Doubt::Unknown;
        }
    }

    /// Others changed its bytes, and nothing leads to them here: who has the file open goes on with these as long as
    /// that is so.
    pub(crate) fn outdate(&mut self, stamp: Stamp) {
        self.changed = self.changed.max(stamp);
        self.valid = false;
        self.readable = false;
        self.outdated = true;
    }

    /// Others changed something of it, but no bytes. If it goes where no watch covers it, nothing is proven any more.
    pub(crate) fn heed_attr(&mut self, stamp: Stamp, covered: bool) {
        self.changed = self.changed.max(stamp);
        self.valid = false;
        self.readable = false;
        self.ctime_told = true;
        if !covered {
            self.lose_cover(stamp);
        }
    }
}
