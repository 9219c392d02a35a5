use std::ops::Range;
use std::time::Duration;

use super::{Data, Dropped, State, WEAK_BLOCKS_MAX, Weakened};
use crate::block::{BlockIndex, Generation};
use crate::stats::MissReason;
use crate::time::Moment;

/// What is known of the blocks in the store.
impl State {
    /// Blocks of this generation in the store are all before this one.
    pub(crate) fn blocks_end(&self) -> BlockIndex {
        BlockIndex(self.data.as_ref().map_or(0, |data| data.end))
    }

    /// Why the block is not here, where a change of the file is the reason.
    pub(crate) fn lost(&self, block: BlockIndex) -> Option<MissReason> {
        let (end, reason) = self.data.as_ref()?.lost?;
        (block.0 < end).then_some(reason)
    }

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

    /// The block came here while the file was young.
    pub(crate) fn note_weak(&mut self, block: BlockIndex, now: Moment) {
        self.data().weak.add(block, now);
    }

    /// Whether weak blocks have been here for as long as attributes live.
    pub(crate) fn has_weak_older(&self, now: Moment, than: Duration) -> bool {
        self.data.as_ref().is_some_and(|data| data.weak.is_older(now, than))
    }

    /// Weak blocks that came before all changes by others were told of are not proven by that.
    pub(crate) fn doubt_weak(&mut self, proven: bool) {
        if !proven && self.data.as_ref().is_some_and(|data| !data.weak.is_empty()) {
            self.seen = self.seen.uncovered();
        }
    }

    /// The version was checked, or is old: weak blocks are to be loaded again.
    pub(crate) fn take_weak(&mut self, fresh: impl FnOnce() -> Generation) -> Weakened {
        let weak = self.data.as_mut().map_or_else(Vec::new, |data| data.weak.take());
        let count: u64 = weak.iter().map(|range| range.end.0 - range.start.0).sum();
        if count > WEAK_BLOCKS_MAX {
            return Weakened::All(self.begin_generation(fresh(), MissReason::Expired));
        }
        if let Some(last) = weak.last() {
            self.data().lose(last.end.0, MissReason::Expired);
        }
        Weakened::Blocks(weak)
    }

    /// All but these blocks are to be loaded again, whatever is on its way.
    pub(crate) fn take_rest(
        &mut self,
        sure: &Range<BlockIndex>,
        fresh: impl FnOnce() -> Generation,
    ) -> Weakened {
        let Some(data) = &mut self.data else { return Weakened::Blocks(Vec::new()) };
        let (start, end) = (sure.start.0.min(data.end), sure.end.0.min(data.end));
        if start >= end || data.end - (end - start) > WEAK_BLOCKS_MAX {
            return Weakened::All(self.begin_generation(fresh(), MissReason::Invalidated));
        }
        for rest in [0..start, end..u64::MAX] {
            if !rest.is_empty() {
                data.touches.begin(BlockIndex(rest.start)..BlockIndex(rest.end));
                data.touches.end();
            }
        }
        let last = data.end;
        data.lose(last, MissReason::Invalidated);
        Weakened::Blocks(vec![BlockIndex(0)..BlockIndex(start), BlockIndex(end)..BlockIndex(last)])
    }

    /// What is in the store, or on its way there, was not compared with the backing before a change of ours, after which
    /// it could not be any more.
    pub(crate) fn doubt_blocks(&mut self, fresh: impl FnOnce() -> Generation) -> Option<Dropped> {
        self.data.as_ref()?;
        self.begin_generation(fresh(), MissReason::Invalidated)
    }

    /// No block from here on is in the store any more.
    pub(crate) fn cut_blocks(&mut self, end: BlockIndex) {
        if let Some(data) = &mut self.data {
            data.end = data.end.min(end.0);
        }
    }
}

impl Data {
    /// Blocks before this one are not here any more.
    pub(super) fn lose(&mut self, end: u64, reason: MissReason) {
        self.lost = Some((self.lost.map_or(0, |(end, _)| end).max(end), reason));
    }
}
