mod blocks;
mod change;
mod others;
mod outcome;

use std::time::Duration;

use cachefs_vfs::Attr;

use super::{Seen, Stamp, Touches, Weak};
use crate::block::{BlockIndex, Generation};
use crate::coherence::{Fact, Freshness};
use crate::stats::MissReason;
use crate::time::{Moment, When};

pub(crate) use others::Doubt;
pub(crate) use outcome::{Dropped, Learnt, View, Weakened};

/// Weak blocks of one file beyond this many are not taken out one by one, for that is done under the lock of the state:
/// the file begins a new generation.
const WEAK_BLOCKS_MAX: u64 = 1024;

/// What is known of an inode. Pure: whoever calls holds its lock, and does no I/O under it.
#[derive(Debug)]
pub(crate) struct State {
    /// As last answered. Kept also when it must be asked for again, to tell whether others changed the file.
    attr: Option<Attr>,
    /// When `attr` was asked for.
    seen: Seen,
    /// It may still be answered, as far as that was lately enough.
    valid: bool,
    /// When this version was first seen: asked for, or, where a change of ours left it, answered.
    first_seen: Moment,
    /// Our last change of the inode: what was asked before it is not learnt.
    changed: Stamp,
    generation: Generation,
    /// A change of ours is under way: what is asked meanwhile may be half of it.
    busy: bool,
    /// A change of ours moved `ctime` and nothing else since `attr`.
    ctime_ours: bool,
    /// As far as we were told of what others did since `attr`, it moved `ctime` and nothing else that bytes depend on.
    ctime_told: bool,
    /// When others began to change it unheard: what was asked for before is not covered.
    unheard: Stamp,
    /// Whether others may be changing it without anybody being told.
    doubt: Doubt,
    /// Others changed its bytes when nothing led to them any more: once something does, these are of the past.
    outdated: bool,
    /// The backing let us open it for reading, under the permissions in `attr`.
    readable: bool,
    /// Only for files whose bytes are or were here.
    data: Option<Box<Data>>,
}

#[derive(Debug, Default)]
struct Data {
    /// No block of this generation from here on is in the store.
    end: u64,
    /// Blocks of an earlier generation were here up to this one, and why they are not any more.
    lost: Option<(u64, MissReason)>,
    weak: Weak,
    touches: Touches,
}

impl State {
    pub(crate) fn new(generation: Generation, changed: Stamp) -> Self {
        Self {
            attr: None,
            seen: Seen::default(),
            valid: false,
            first_seen: Moment::default(),
            changed,
            generation,
            busy: false,
            ctime_ours: false,
            ctime_told: false,
            unheard: Stamp::default(),
            doubt: Doubt::Unknown,
            outdated: false,
            readable: false,
            data: None,
        }
    }

    /// The attributes, if they may be answered for this purpose.
    pub(crate) fn attr_fresh(&self, freshness: &Freshness, fact: Fact, now: impl When) -> Option<&Attr> {
        self.attr.as_ref().filter(|_| self.valid && freshness.holds(fact, self.seen, now))
    }

    /// The length, if it may still be answered and was asked for, or left by a change of ours, less than `recent` ago.
    pub(crate) fn size_within(&self, freshness: &Freshness, now: Moment, recent: Duration) -> Option<u64> {
        let attr = self.attr_fresh(freshness, Fact::Reading, now)?;
        let seen = self.seen.at().max(self.first_seen);
        (now.since(seen) < recent).then_some(attr.size)
    }

    /// The attributes as last answered, however long ago.
    pub(crate) fn attr_known(&self) -> Option<&Attr> {
        self.attr.as_ref()
    }

    pub(crate) fn view_of(&self, size: u64) -> View {
        View { generation: self.generation, size }
    }

    pub(crate) fn generation(&self) -> Generation {
        self.generation
    }

    pub(crate) fn changed(&self) -> Stamp {
        self.changed
    }

    pub(crate) fn first_seen(&self) -> Moment {
        self.first_seen
    }

    pub(crate) fn readable(&self) -> bool {
        self.readable
    }

    pub(crate) fn set_readable(&mut self, readable: bool) {
        self.readable = readable;
    }

    /// Takes in what the backing answered to a question of ours.
    /// `proven` is whether we were told of all that others did to the bytes since the last answer.
    pub(crate) fn learn(
        &mut self,
        attr: &Attr,
        seen: Seen,
        proven: bool,
        fresh: impl FnOnce() -> Generation,
    ) -> Learnt {
        if self.is_past(seen) {
            // Half of a change of ours, or one by others beside it: whoever reads now must ask.
            self.valid &= proven || !self.is_changing(attr);
            return Learnt::default();
        }
        let known = self.attr.map(|old| self.is_same(&old, attr, proven));
        let mut learnt = Learnt { kept: true, foreign: known == Some(false) || self.outdated, dropped: None };
        if learnt.foreign {
            learnt.dropped = self.begin_generation(fresh(), MissReason::Invalidated);
        }
        if learnt.foreign || known.is_none() {
            self.first_seen = seen.at();
            self.readable = false;
        }
        self.set_attr(*attr, seen);
        learnt
    }

    /// Whether a change of ours is under way, and this is not what was known before it.
    pub(crate) fn is_changing(&self, attr: &Attr) -> bool {
        self.busy && self.attr.is_none_or(|known| known.version() != attr.version())
    }

    /// Whether the answer may be from before something that is known here.
    fn is_past(&self, seen: Seen) -> bool {
        self.busy || self.changed > seen.stamp() || (self.valid && seen.at() < self.seen.at())
    }

    fn is_same(&self, old: &Attr, new: &Attr, proven: bool) -> bool {
        let (mut expected, found) = (old.version(), new.version());
        if self.ctime_ours {
            expected.ctime = found.ctime;
        }
        if self.ctime_told && proven {
            (expected.ctime, expected.tag) = (found.ctime, found.tag);
        }
        old.kind == new.kind && expected == found
    }

    fn set_attr(&mut self, attr: Attr, seen: Seen) {
        self.attr = Some(attr);
        self.seen = if self.is_unheard(seen) { seen.uncovered() } else { seen };
        self.valid = true;
        (self.ctime_ours, self.ctime_told) = (false, false);
    }

    /// The attributes must be asked for before they are answered again.
    pub(crate) fn expire(&mut self) {
        self.valid = false;
    }

    /// As [`Self::expire`], and the next ones are taken as they are: what changed was our doing.
    pub(crate) fn forget_attr(&mut self, stamp: Stamp) {
        self.changed = self.changed.max(stamp);
        self.attr = None;
        self.valid = false;
    }

    /// A change of ours to a name of this file moved its `ctime` and number of links, or is about to.
    pub(crate) fn touch_ctime(&mut self, stamp: Stamp) {
        self.changed = self.changed.max(stamp);
        self.ctime_ours = true;
        self.valid = false;
    }

    /// The inode was made, or cut to nothing, by us, which left these attributes. Nothing that was known before holds;
    /// nor do the attributes where others of ours changed it before the answer was here.
    pub(crate) fn renew(
        &mut self,
        attr: &Attr,
        seen: Seen,
        stamp: Stamp,
        fresh: Generation,
    ) -> Option<Dropped> {
        let past = self.is_past(seen);
        let dropped = self.reset(stamp, fresh, MissReason::Cold);
        if !past {
            self.set_attr(*attr, seen);
            self.first_seen = seen.at();
        }
        dropped
    }

    /// A change of ours is over: what was asked before it is not learnt any more.
    pub(crate) fn note_change(&mut self, stamp: Stamp) {
        self.changed = self.changed.max(stamp);
    }

    /// Nothing that was known holds any more.
    pub(crate) fn reset(&mut self, stamp: Stamp, fresh: Generation, reason: MissReason) -> Option<Dropped> {
        self.forget_attr(stamp);
        self.readable = false;
        self.begin_generation(fresh, reason)
    }

    fn begin_generation(&mut self, fresh: Generation, reason: MissReason) -> Option<Dropped> {
        let old = std::mem::replace(&mut self.generation, fresh);
        self.outdated = false;
        let data = self.data.as_mut()?;
        data.weak.take();
        let end = std::mem::take(&mut data.end);
        if end > 0 {
            data.lose(end, reason);
        }
        (end > 0).then_some(Dropped { generation: old, end: BlockIndex(end) })
    }

    fn data(&mut self) -> &mut Data {
        self.data.get_or_insert_default()
    }
}

#[cfg(test)]
mod tests;
