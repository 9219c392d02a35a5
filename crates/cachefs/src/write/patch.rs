use std::ops::Range;

use super::Change;
use crate::block::{BLOCK_SIZE, BlockIndex, BlockKey, BlockSpan, Frame, block_count, block_len, spans};

/// What a change did to the cached blocks. While the change lasts nobody else puts blocks of its range in, so what is
/// looked up here does not change until it is replaced.
impl Change<'_> {
    /// Bytes were written at `offset`, and the file is `size` long now: cached blocks follow.
    ///
    /// Zeros are never made up. What lies between the end as we knew it and where we wrote is a hole only if nobody
    /// else wrote there meanwhile, and that the length does not tell.
    pub(super) fn patch(&self, offset: u64, data: &[u8], size: u64) {
        self.remove_tail_before(offset);
        for span in spans(offset, data.len()) {
            self.patch_block(&span, &data[span.in_buffer()], size);
        }
    }

    /// The file was made longer by something that begins at `offset`: takes the block it ended in out, if that lies
    /// before and was not full.
    fn remove_tail_before(&self, offset: u64) {
        let Some(tail) = self.size.map(BlockIndex::of).filter(|&tail| tail < BlockIndex::of(offset)) else {
            return;
        };
        self.remove(tail..tail.next());
    }

    /// The file is `size` long now, and the block ends with it: gives it that length.
    pub(super) fn cut_block(&self, index: BlockIndex, size: u64) {
        let nothing = BlockSpan { index, start_in_block: 0, len: 0, at_in_buffer: 0 };
        self.patch_block(&nothing, &[], size);
    }

    /// Takes blocks out.
    pub(super) fn remove(&self, blocks: Range<BlockIndex>) {
        let end = blocks.end.min(self.node.state.lock().blocks_end());
        if blocks.start < end {
            self.engine.store.forget_blocks(self.node.id, self.generation, blocks.start..end);
        }
    }

    /// Takes out the blocks of a byte range, and, where that reaches beyond it, the last block of the file as it was:
    /// whoever makes the file longer changes that, too.
    pub(super) fn remove_range(&self, offset: u64, length: u64) {
        self.remove(blocks_of(offset, length));
        let end = offset.saturating_add(length);
        if let Some(before) = self.size.filter(|&before| before > 0 && before < end) {
            let tail = BlockIndex::of(before - 1);
            self.remove(tail..tail.next());
        }
    }

    fn patch_block(&self, span: &BlockSpan, data: &[u8], size: u64) {
        let key = BlockKey { file: self.node.id, generation: self.generation, index: span.index };
        let len = block_len(size, span.index);
        let kept =
            self.patched(&key, span, data, len).is_some_and(|frame| self.engine.store.insert(key, frame));
        if kept {
            let now = self.engine.clock.now();
            let mut state = self.node.state.lock();
            state.note_block(span.index);
            // Our change moved the file's times to this very tick.
            if self.engine.has_ticks() {
                state.note_weak(span.index, now);
            }
        } else {
            self.engine.store.remove(&key);
        }
    }

    /// The block as it is now, `len` bytes long; `None` if its bytes outside the span are not known here, or there is
    /// no memory for it.
    fn patched(&self, key: &BlockKey, span: &BlockSpan, data: &[u8], len: usize) -> Option<Frame> {
        let end = span.start_in_block + data.len();
        // Others cut the file at the same time: what we know of its length is not what it is.
        if end > len {
            return None;
        }
        let whole = span.start_in_block == 0 && data.len() == len;
        let before = if whole { None } else { Some(self.known(key)?) };
        let old = before.as_deref().unwrap_or_default();
        if span.start_in_block > old.len() || len > old.len().max(end) {
            return None;
        }
        let mut frame = self.engine.store.frame(len)?;
        let kept = old.len().min(len);
        frame[..kept].copy_from_slice(&old[..kept]);
        frame[span.in_block().start..][..data.len()].copy_from_slice(data);
        Some(frame.freeze())
    }

    /// The block as it was before the change.
    fn known(&self, key: &BlockKey) -> Option<Frame> {
        let len = block_len(self.size?, key.index);
        self.engine.store.get(key).filter(|frame| frame.len() == len)
    }
}

/// The blocks a byte range touches.
pub(super) fn blocks_of(offset: u64, length: u64) -> Range<BlockIndex> {
    let end = offset.saturating_add(length);
    BlockIndex::of(offset)..BlockIndex(block_count(end).max(BlockIndex::of(offset).0))
}

/// All blocks from that of `offset` on.
pub(super) fn blocks_from(offset: u64) -> Range<BlockIndex> {
    BlockIndex::of(offset)..BlockIndex(u64::MAX / BLOCK_SIZE as u64 + 1)
}
