use std::ops::Range;
use std::time::Duration;

use cachefs_vfs::{Attr, Result, SetAttr};

use crate::block::{BlockIndex, Generation};
use crate::coherence::Fact;
use crate::engine::Engine;
use crate::meta::{Asked, Dropped, Node, Stamp, State, Weakened};
use crate::stats::{Counter, MissReason};
use crate::sync::{Arc, MutexGuard};
use crate::time::Moment;

/// Attributes that came less than this ago are not asked for again before a change: a stream of writes asks once per
/// write. Longer would be wrong also where the backing's clock is said to be coarse, for most are finer than is said.
const RECENT: Duration = Duration::from_millis(10);

/// Where nobody tells of changes by others, one of ours that took longer than this may hide one of theirs, and what it
/// did not write is not served any more. Shorter, and every write over a network would cost the rest of the file;
/// longer, and others had the time to change it at leisure.
const SLOW: Duration = Duration::from_millis(100);

/// A change of ours to an inode, under way.
///
/// It holds the file's writer lock, so there is one at a time. While it lasts, nothing the backing answers about the
/// inode is cached and no load of the blocks it touches is kept. It ends in one of the `end` methods; dropped
/// otherwise, nothing of what is cached of the inode holds any more.
///
/// What it leaves at the backing is taken for ours: the generation stays. A change by others is told from it by what
/// was known shortly before, and where the length is not what it should be. One that falls between our two questions, or
/// (where the clock of the backing is so coarse) within one tick before them, and keeps the length, is taken for ours,
/// too: unless a watch would have told, or more than 100 ms lay between the two, blocks of it that are cached go on
/// being served, other than those we wrote.
#[derive(Debug)]
pub(crate) struct Change<'a> {
    pub(super) engine: &'a Engine,
    pub(super) node: &'a Arc<Node>,
    begun: Stamp,
    /// That the cached blocks belong to.
    pub(super) generation: Generation,
    /// The length before, if it is known for sure.
    pub(super) size: Option<u64>,
    since: Moment,
    /// Blocks that are as we know them, whatever others did.
    pub(super) sure: Range<BlockIndex>,
    ended: bool,
    _writer: MutexGuard<'a, ()>,
}

impl Engine {
    /// Begins a change of the bytes from `start` on, to the end of `blocks_of` what the length was. May wait for
    /// another writer and ask the backing: not to be called where the caller must not wait.
    pub(crate) fn begin_change<'a>(
        &'a self,
        node: &'a Arc<Node>,
        blocks_of: impl FnOnce(Option<u64>) -> Range<BlockIndex>,
    ) -> Change<'a> {
        self.begin(node, |size| Some(blocks_of(size)))
    }

    /// Begins a change of attributes only.
    pub(crate) fn begin_attr_change<'a>(&'a self, node: &'a Arc<Node>) -> Change<'a> {
        self.begin(node, |_| None)
    }

    fn begin<'a>(
        &'a self,
        node: &'a Arc<Node>,
        blocks_of: impl FnOnce(Option<u64>) -> Option<Range<BlockIndex>>,
    ) -> Change<'a> {
        let writer = node.io().writer.lock();
        let size = self.recent_size(node);
        let since = self.clock.now();
        let begun = self.stamps.next();
        let (generation, dropped) = {
            let mut state = node.state.lock();
            // Nobody asked, for there were no blocks; a load may be bringing some that others have changed since.
            let doubtful = size.is_none().then(|| state.doubt_blocks(|| self.fresh_generation()));
            state.begin_change(begun, blocks_of(size));
            (state.generation(), doubtful.flatten())
        };
        self.drop_blocks(node, dropped);
        let sure = BlockIndex(0)..BlockIndex(0);
        Change { engine: self, node, begun, generation, size, since, sure, ended: false, _writer: writer }
    }

    /// The length, asked for again if blocks depend on it and it was not known just now.
    fn recent_size(&self, node: &Arc<Node>) -> Option<u64> {
        let (now, freshness) = (self.clock.now(), &self.freshness);
        let recent = if freshness.is_single() { Duration::MAX } else { RECENT };
        let (size, has_blocks, dropped) = {
            let mut state = node.state.lock();
            // While we go on writing, nobody else checks the version.
            let has_old =
                !state.is_proven(freshness) && state.has_weak_older(now, freshness.lifetime(Fact::Reading));
            let dropped = has_old.then(|| self.drop_weak(node, &mut state)).flatten();
            (state.size_within(freshness, now, recent), state.blocks_end() > BlockIndex(0), dropped)
        };
        self.drop_blocks(node, dropped);
        if size.is_some() || !has_blocks {
            return size;
        }
        let asked = self.asked_of(node);
        match self.ask_attr(node) {
            Ok(attr) => {
                self.stats.count(Counter::AttrMiss);
                self.learn_before_change(node, &attr, asked).then_some(attr.size)
            }
            Err(error) => {
                tracing::debug!(inode = node.id.inode, %error, "no attributes before a change");
                self.reset(node, MissReason::Error);
                None
            }
        }
    }
}

impl Change<'_> {
    /// It is done. Asks for the attributes through `ask`; the length should be `size`, where that is known. If it is
    /// not, others changed the file, too.
    pub(crate) fn end(mut self, size: Option<u64>, ask: impl FnOnce() -> Result<Attr>) {
        let asked = self.engine.asked_of(self.node);
        match ask() {
            Ok(attr) => self.end_with(&attr, asked, size.is_none_or(|size| size == attr.size)),
            Err(error) => {
                tracing::debug!(inode = self.node.id.inode, %error, "no attributes after a change");
                self.break_off();
            }
        }
    }

    /// As [`Self::end`], with the attributes the verb itself answered; asked for when it was called.
    pub(crate) fn end_with(&mut self, attr: &Attr, asked: Asked, ours: bool) {
        self.ended = true;
        let engine = self.engine;
        let seen = engine.seen(self.node, attr, asked);
        let dropped = {
            let mut state = self.node.state.lock();
            let over = Asked { stamp: engine.stamps.next(), ..engine.asked() };
            if state.generation() == self.generation && ours {
                let proven = state.is_proven(&engine.freshness);
                state.end_change(*attr, seen, self.begun, over);
                state.doubt_weak(proven);
                if proven || !self.is_slow() { None } else { self.doubt_rest(&mut state) }
            } else {
                state.end_change_foreign(*attr, seen, over, engine.fresh_generation())
            }
        };
        if !ours {
            self.engine.stats.count(Counter::InvalidatedOpen);
        }
        self.engine.drop_blocks(self.node, dropped);
    }

    /// A change of attributes is done and left these. What is cached of the bytes stays, unless they show that others
    /// changed it before.
    pub(crate) fn end_attr(mut self, attr: &Attr, set: &SetAttr, asked: Asked) {
        if set.mtime.is_none() {
            // The bytes are as they were if that is.
            self.sure = BlockIndex(0)..BlockIndex(u64::MAX);
        }
        let ours = {
            let mut state = self.node.state.lock();
            state.set_readable(false);
            state.attr_known().is_none_or(|known| {
                known.size == attr.size && (known.mtime == attr.mtime || set.mtime.is_some())
            })
        };
        self.end_with(attr, asked, ours);
    }

    /// A change of attributes is over, and what it did is not known, except that the bytes are as they were.
    pub(crate) fn cancel(mut self) {
        self.ended = true;
        let stamp = self.engine.stamps.next();
        let mut state = self.node.state.lock();
        state.end_busy();
        state.set_readable(false);
        state.touch_ctime(stamp);
    }

    fn is_slow(&self) -> bool {
        let engine = self.engine;
        !engine.freshness.is_single() && engine.clock.now().since(self.since) > SLOW
    }

    /// Others had the time to change what we did not write.
    fn doubt_rest(&self, state: &mut State) -> Option<Dropped> {
        let engine = self.engine;
        match state.take_rest(&self.sure, || engine.fresh_generation()) {
            Weakened::All(dropped) => dropped,
            Weakened::Blocks(ranges) => {
                let forget = |range| engine.store.forget_blocks(self.node.id, self.generation, range);
                ranges.into_iter().for_each(forget);
                None
            }
        }
    }

    fn break_off(&mut self) {
        self.ended = true;
        let stamp = self.engine.stamps.next();
        let dropped = self.node.state.lock().break_change(stamp, self.engine.fresh_generation());
        self.engine.drop_blocks(self.node, dropped);
    }
}

impl Drop for Change<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.break_off();
        }
    }
}
