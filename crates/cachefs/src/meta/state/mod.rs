mod blocks;
mod change;

use std::ops::Range;
use std::time::Duration;

use cachefs_vfs::Attr;

use super::{Asked, Stamp, Touches, Weak};
use crate::block::{BlockIndex, Generation};
use crate::stats::MissReason;
use crate::time::Moment;

/// Weak blocks of one file beyond this many are not taken out one by one, for that is done under the lock of the state:
/// the file begins a new generation.
const WEAK_BLOCKS_MAX: u64 = 1024;

/// What is known of an inode. Pure: whoever calls holds its lock, and does no I/O under it.
#[derive(Debug)]
pub(crate) struct State {
    /// As last answered. Kept also when it must be asked for again, to tell whether others changed the file.
    attr: Option<Attr>,
    /// When `attr` was asked for; `None` if it may not be answered any more.
    checked: Option<Moment>,
    /// When this version was first seen: asked for, or, where a change of ours left it, answered.
    first_seen: Moment,
    /// Our last change of the inode: what was asked before it is not learnt.
    changed: Stamp,
    generation: Generation,
    /// A change of ours is under way: what is asked meanwhile may be half of it.
    busy: bool,
    /// A change of ours moved `ctime` and nothing else since `attr`.
    ctime_ours: bool,
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

/// Which bytes a reader sees: the length belongs to the generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) generation: Generation,
    pub(crate) size: u64,
}

/// Blocks nobody can find any more, to be taken out for their memory's sake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dropped {
    pub(crate) generation: Generation,
    pub(crate) end: BlockIndex,
}

/// What became of an answer of the backing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Learnt {
    /// It is cached.
    pub(crate) kept: bool,
    /// It shows a change by others.
    pub(crate) foreign: bool,
    /// The generation that ended by it.
    pub(crate) dropped: Option<Dropped>,
}

/// Weak blocks that are to go.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Weakened {
    /// These, out of the store before the lock is released.
    Blocks(Vec<Range<BlockIndex>>),
    /// All, for they are many.
    All(Option<Dropped>),
}

impl State {
    pub(crate) fn new(generation: Generation, changed: Stamp) -> Self {
        Self {
            attr: None,
            checked: None,
            first_seen: Moment::default(),
            changed,
            generation,
            busy: false,
            ctime_ours: false,
            readable: false,
            data: None,
        }
    }

    /// The attributes, if they were asked for less than `ttl` ago.
    pub(crate) fn attr_within(&self, now: Moment, ttl: Duration) -> Option<&Attr> {
        self.checked.filter(|&checked| now.since(checked) < ttl).and(self.attr.as_ref())
    }

    /// The length, if it may still be answered and was asked for, or left by a change of ours, less than `recent` ago.
    pub(crate) fn size_within(&self, now: Moment, ttl: Duration, recent: Duration) -> Option<u64> {
        let attr = self.attr_within(now, ttl)?;
        let seen = self.checked.max(Some(self.first_seen))?;
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
    pub(crate) fn learn(&mut self, attr: &Attr, asked: Asked, fresh: impl FnOnce() -> Generation) -> Learnt {
        if self.is_past(asked) {
            return Learnt::default();
        }
        let known = self.attr.map(|old| self.is_same(&old, attr));
        let mut learnt = Learnt { kept: true, foreign: known == Some(false), dropped: None };
        if learnt.foreign {
            learnt.dropped = self.begin_generation(fresh(), MissReason::Invalidated);
        }
        if known != Some(true) {
            self.first_seen = asked.at;
            self.readable = false;
        }
        self.set_attr(*attr, asked.at);
        learnt
    }

    /// Whether the answer may be from before something that is known here.
    fn is_past(&self, asked: Asked) -> bool {
        self.busy || self.changed > asked.stamp || self.checked.is_some_and(|checked| asked.at < checked)
    }

    fn is_same(&self, old: &Attr, new: &Attr) -> bool {
        let (mut expected, found) = (old.version(), new.version());
        if self.ctime_ours {
            expected.ctime = found.ctime;
        }
        old.kind == new.kind && expected == found
    }

    fn set_attr(&mut self, attr: Attr, asked_at: Moment) {
        self.attr = Some(attr);
        self.checked = Some(asked_at);
        self.ctime_ours = false;
    }

    /// The attributes must be asked for before they are answered again.
    pub(crate) fn expire(&mut self) {
        self.checked = None;
    }

    /// As [`Self::expire`], and the next ones are taken as they are: what changed was our doing.
    pub(crate) fn forget_attr(&mut self, stamp: Stamp) {
        self.changed = self.changed.max(stamp);
        self.attr = None;
        self.checked = None;
    }

    /// A change of ours to a name of this file moved its `ctime` and number of links, or is about to.
    pub(crate) fn touch_ctime(&mut self, stamp: Stamp) {
        self.changed = self.changed.max(stamp);
        self.ctime_ours = true;
        self.checked = None;
    }

    /// The inode was made, or cut to nothing, by us, which left these attributes. Nothing that was known before holds;
    /// nor do the attributes where others of ours changed it before the answer was here.
    pub(crate) fn renew(
        &mut self,
        attr: &Attr,
        asked: Asked,
        stamp: Stamp,
        fresh: Generation,
    ) -> Option<Dropped> {
        let past = self.is_past(asked);
        let dropped = self.reset(stamp, fresh, MissReason::Cold);
        if !past {
            self.set_attr(*attr, asked.at);
            self.first_seen = asked.at;
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
