use std::ops::Range;
use std::time::Duration;

use cachefs_vfs::Attr;

use super::{Asked, Stamp, Touches};
use crate::block::{BlockIndex, Generation};
use crate::stats::MissReason;
use crate::time::Moment;

/// Weak blocks of one file beyond this many are not taken out one by one: the file begins a new generation.
const WEAK_BLOCKS_MAX: u64 = 64;

/// What is known of an inode. Pure: whoever calls holds its lock, and does no I/O under it.
#[derive(Debug)]
pub(crate) struct State {
    /// As last answered. Kept also when it must be asked for again, to tell whether others changed the file.
    attr: Option<Attr>,
    /// When `attr` was asked for; `None` if it may not be answered any more.
    checked: Option<Moment>,
    /// When this version was first seen.
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
    /// Blocks loaded while the file was too young to tell a change in the same clock tick: a range around them.
    weak: Option<Range<u64>>,
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
    /// Blocks of the current generation that must leave the store before the lock is released.
    pub(crate) weak: Option<Range<BlockIndex>>,
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

    /// Blocks of this generation in the store are all before this one.
    pub(crate) fn blocks_end(&self) -> BlockIndex {
        BlockIndex(self.data.as_ref().map_or(0, |data| data.end))
    }

    /// Why the block is not here, where a change of the file is the reason.
    pub(crate) fn lost(&self, block: BlockIndex) -> Option<MissReason> {
        let (end, reason) = self.data.as_ref()?.lost?;
        (block.0 < end).then_some(reason)
    }

    /// Takes in what the backing answered to a question of ours.
    pub(crate) fn learn(&mut self, attr: &Attr, asked: Asked, fresh: impl FnOnce() -> Generation) -> Learnt {
        let outdated = self.checked.is_some_and(|checked| asked.at < checked);
        if self.busy || self.changed > asked.stamp || outdated {
            return Learnt::default();
        }
        let known = self.attr.map(|old| self.is_same(&old, attr));
        let mut learnt = Learnt { kept: true, foreign: known == Some(false), ..Learnt::default() };
        if known == Some(true) {
            learnt.weak = self.take_weak();
        }
        let many = learnt.weak.as_ref().is_some_and(|weak| weak.end.0 - weak.start.0 > WEAK_BLOCKS_MAX);
        if learnt.foreign || many {
            let reason = if many { MissReason::Expired } else { MissReason::Invalidated };
            learnt.weak = None;
            learnt.dropped = self.begin_generation(fresh(), reason);
        }
        if known != Some(true) {
            self.first_seen = asked.at;
            self.readable = false;
        }
        self.set_attr(*attr, asked.at);
        learnt
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

    /// The inode was made, or cut to nothing, by us, which left these attributes. Nothing that was known before holds.
    pub(crate) fn renew(
        &mut self,
        attr: &Attr,
        asked_at: Moment,
        stamp: Stamp,
        fresh: Generation,
    ) -> Option<Dropped> {
        let dropped = self.reset(stamp, fresh, MissReason::Cold);
        if !self.busy {
            self.set_attr(*attr, asked_at);
            self.first_seen = asked_at;
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
        data.weak = None;
        let end = std::mem::take(&mut data.end);
        let lost = data.lost.map_or(0, |(end, _)| end).max(end);
        data.lost = (lost > 0).then_some((lost, reason));
        (end > 0).then_some(Dropped { generation: old, end: BlockIndex(end) })
    }

    fn take_weak(&mut self) -> Option<Range<BlockIndex>> {
        let data = self.data.as_mut()?;
        let weak = data.weak.take()?;
        data.lost = Some((data.lost.map_or(0, |(end, _)| end).max(weak.end), MissReason::Expired));
        Some(BlockIndex(weak.start)..BlockIndex(weak.end))
    }

    fn data(&mut self) -> &mut Data {
        self.data.get_or_insert_default()
    }
}

/// Our own changes of the inode, one at a time: the caller holds the file's writer lock from one to the other.
impl State {
    /// A change of these blocks (none: of attributes only) begins.
    pub(crate) fn begin_change(&mut self, stamp: Stamp, blocks: Option<Range<BlockIndex>>) {
        self.changed = self.changed.max(stamp);
        self.busy = true;
        if let Some(blocks) = blocks {
            self.data().touches.begin(blocks);
        }
    }

    /// It is over, and left these attributes, asked for after it; the generation stays. `begun` is the stamp it began
    /// with: if another change of ours came between, they are not answered to anybody but kept to compare with.
    pub(crate) fn end_change(&mut self, attr: Attr, asked_at: Moment, begun: Stamp) {
        let alone = self.changed == begun;
        let ctime_ours = self.ctime_ours;
        self.end_busy();
        self.set_attr(attr, asked_at);
        self.first_seen = asked_at;
        if !alone {
            self.ctime_ours = ctime_ours;
            self.checked = None;
        }
    }

    /// It is over, and nobody knows what it left.
    pub(crate) fn break_change(&mut self, stamp: Stamp, fresh: Generation) -> Option<Dropped> {
        self.end_busy();
        self.reset(stamp, fresh, MissReason::Error)
    }

    /// It is over, and others changed the file, too: `attr` is what it is like now.
    pub(crate) fn end_change_foreign(
        &mut self,
        attr: Attr,
        asked: Asked,
        fresh: Generation,
    ) -> Option<Dropped> {
        self.end_busy();
        let dropped = self.reset(self.changed, fresh, MissReason::Invalidated);
        self.set_attr(attr, asked.at);
        self.first_seen = asked.at;
        if self.changed > asked.stamp {
            self.checked = None;
        }
        dropped
    }

    /// It is over; what it left is for the caller to say.
    pub(crate) fn end_busy(&mut self) {
        self.busy = false;
        if let Some(data) = &mut self.data {
            data.touches.end();
        }
    }
}

/// Loads of blocks.
impl State {
    /// A load begins; the mark is for [`Self::may_keep`].
    pub(crate) fn begin_load(&mut self) -> u64 {
        self.data().touches.mark()
    }

    /// Whether a block loaded since the mark still is what a reader should see.
    pub(crate) fn may_keep(&self, generation: Generation, mark: u64, block: BlockIndex) -> bool {
        generation == self.generation
            && self.data.as_ref().is_none_or(|data| data.touches.spared(mark, block))
    }

    /// The block is in the store from here on.
    pub(crate) fn note_block(&mut self, block: BlockIndex) {
        let data = self.data();
        data.end = data.end.max(block.0 + 1);
    }

    /// The block was loaded while the file was young.
    pub(crate) fn note_weak(&mut self, block: BlockIndex) {
        let weak = &mut self.data().weak;
        *weak = Some(match weak.take() {
            Some(range) => range.start.min(block.0)..range.end.max(block.0 + 1),
            None => block.0..block.0 + 1,
        });
    }

    /// No block from here on is in the store any more.
    pub(crate) fn cut_blocks(&mut self, end: BlockIndex) {
        if let Some(data) = &mut self.data {
            data.end = data.end.min(end.0);
        }
    }
}

#[cfg(test)]
mod tests;
