use std::ops::Range;

use cachefs_vfs::Access;

use super::Reader;
use super::load::{RUN_MAX, Run};
use crate::block::{BlockIndex, BlockKey, BlockSpan, indices};
use crate::coherence::Fact;
use crate::fill::Turn;
use crate::handle::Held;
use crate::meta::View;
use crate::stats::Counter;
use crate::sync::Arc;
use crate::workers::Workers;

/// Has these blocks loaded in the background, as far as there are threads free for it.
pub(crate) fn prefetch(workers: &Workers, reader: Reader<'_>, blocks: Range<BlockIndex>) {
    let mut start = blocks.start;
    while start < blocks.end {
        let end = BlockIndex(start.0 + RUN_MAX as u64).min(blocks.end);
        let (engine, own, part) = (Arc::clone(reader.engine), reader.own.map(Arc::clone), start..end);
        // Held as by a reader: what is opened for it is closed after it.
        let held = Held::new(reader.engine, reader.node, Access::Read);
        let job = move || {
            Reader { engine: &engine, node: &held.node, own: own.as_ref() }.load_part(part);
            drop(held);
        };
        if !workers.try_spawn(job) {
            reader.engine.stats.count(Counter::ReadaheadDropped);
            return;
        }
        start = end;
    }
}

impl Reader<'_> {
    /// Loads what is missing of some blocks. An error is nobody's yet: who reads the block will meet it himself.
    pub(crate) fn load_part(&self, blocks: Range<BlockIndex>) {
        let now = self.engine.clock.now();
        let view = {
            let state = self.node.state.lock();
            let attr = state.attr_fresh(&self.engine.freshness, Fact::Reading, now);
            attr.map(|attr| state.view_of(attr.size))
        };
        let Some(view) = view else { return };
        let mut run = Run::default();
        for index in indices(blocks) {
            let nothing = BlockSpan { index, start_in_block: 0, len: 0, at_in_buffer: 0 };
            let Some(turn) = self.turn_ahead(view, index) else { continue };
            if !run.is_followed_by(index) && !self.finish_ahead(view, std::mem::take(&mut run)) {
                return;
            }
            run.push(nothing, turn);
        }
        self.finish_ahead(view, run);
    }

    fn finish_ahead(&self, view: View, run: Run) -> bool {
        let loaded = self.load_ahead(view, run);
        if let Err(error) = &loaded {
            tracing::debug!(inode = self.node.id.inode, %error, "reading ahead failed");
        }
        loaded.is_ok()
    }

    fn turn_ahead(&self, view: View, index: BlockIndex) -> Option<crate::fill::Lead> {
        let key = BlockKey { file: self.node.id, generation: view.generation, index };
        if index.offset() >= view.size || self.engine.store.contains(&key) {
            return None;
        }
        match self.engine.fills.begin(key) {
            Turn::Lead(lead) if !self.engine.store.contains(&key) => Some(lead),
            _ => None,
        }
    }
}
