use std::ops::Range;
use std::time::Duration;

use cachefs_vfs::{Attr, Result, SetAttr};

use crate::block::{BlockIndex, Generation};
use crate::engine::Engine;
use crate::meta::{Asked, Node, Stamp};
use crate::stats::{Counter, MissReason};
use crate::sync::{Arc, MutexGuard};

/// Attributes younger than this are not asked for again before a change: a stream of writes asks once per write.
const RECENT_MIN: Duration = Duration::from_millis(10);

/// A change of ours to an inode, under way.
///
/// It holds the file's writer lock, so there is one at a time. While it lasts, nothing the backing answers about the
/// inode is cached and no load of the blocks it touches is kept. It ends in one of the `end` methods; dropped
/// otherwise, nothing of what is cached of the inode holds any more.
///
/// What it leaves at the backing is taken for ours: the generation stays. A change by others is told from it by what
/// was known shortly before, and where the length is not what it should be. One that falls into the few microseconds
/// between our two questions, or (where the clock of the backing is so coarse) within one tick before them, and keeps
/// the length, is taken for ours, too; blocks of it that are cached go on being served.
#[derive(Debug)]
pub(crate) struct Change<'a> {
    pub(super) engine: &'a Engine,
    pub(super) node: &'a Arc<Node>,
    begun: Stamp,
    /// That the cached blocks belong to.
    pub(super) generation: Generation,
    /// The length before, if it is known for sure.
    pub(super) size: Option<u64>,
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
        let writer = node.io().writer.lock();
        let size = self.recent_size(node);
        let begun = self.stamps.next();
        let generation = {
            let mut state = node.state.lock();
            state.begin_change(begun, Some(blocks_of(size)));
            state.generation()
        };
        Change { engine: self, node, begun, generation, size, ended: false, _writer: writer }
    }

    /// Begins a change of attributes only.
    pub(crate) fn begin_attr_change<'a>(&'a self, node: &'a Arc<Node>) -> Change<'a> {
        let writer = node.io().writer.lock();
        let begun = self.stamps.next();
        let generation = {
            let mut state = node.state.lock();
            state.begin_change(begun, None);
            state.generation()
        };
        Change { engine: self, node, begun, generation, size: None, ended: false, _writer: writer }
    }

    /// The length, asked for again if blocks depend on it and it was not asked for just now.
    fn recent_size(&self, node: &Arc<Node>) -> Option<u64> {
        let recent = self.backing.caps().granularity.max(RECENT_MIN).min(self.config.ttls.attr);
        let now = self.clock.now();
        let has_blocks = {
            let state = node.state.lock();
            if let Some(attr) = state.attr_within(now, recent) {
                return Some(attr.size);
            }
            state.blocks_end() > BlockIndex(0)
        };
        if !has_blocks {
            return None;
        }
        if let Ok(attr) = self.refresh(node) {
            return Some(attr.size);
        }
        self.reset(node, MissReason::Error);
        None
    }
}

impl Change<'_> {
    /// It is done. Asks for the attributes through `ask`; the length should be `size`, where that is known. If it is
    /// not, others changed the file, too.
    pub(crate) fn end(mut self, size: Option<u64>, ask: impl FnOnce() -> Result<Attr>) {
        let asked = self.engine.asked();
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
        let dropped = {
            let mut state = self.node.state.lock();
            if state.generation() == self.generation && ours {
                state.end_change(*attr, asked.at, self.begun);
                None
            } else {
                state.end_change_foreign(*attr, asked, self.engine.fresh_generation())
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
