//! Pure arithmetic between byte ranges and blocks.

use std::ops::Range;

use super::{BLOCK_BYTES, BLOCK_SIZE, BlockIndex};

/// The part of a byte range that lies in one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockSpan {
    /// Which block.
    pub(crate) index: BlockIndex,
    /// Where the part begins in the block, in bytes.
    pub(crate) start_in_block: usize,
    /// Its length in bytes, never 0.
    pub(crate) len: usize,
    /// Where it begins in the caller's buffer.
    pub(crate) at_in_buffer: usize,
}

impl BlockSpan {
    /// The part as a range of the block.
    pub(crate) fn in_block(&self) -> Range<usize> {
        self.start_in_block..self.start_in_block + self.len
    }

    /// The part as a range of the caller's buffer.
    pub(crate) fn in_buffer(&self) -> Range<usize> {
        self.at_in_buffer..self.at_in_buffer + self.len
    }
}

/// The parts of the range of `length` bytes at `offset`, in order, without gaps. The range must end within `u64`; what
/// would lie beyond is left out.
pub(crate) fn spans(offset: u64, length: usize) -> impl ExactSizeIterator<Item = BlockSpan> + Clone {
    let room = usize::try_from(u64::MAX - offset).unwrap_or(usize::MAX);
    Spans { offset, at: 0, left: length.min(room) }
}

#[derive(Clone)]
struct Spans {
    offset: u64,
    at: usize,
    left: usize,
}

impl Iterator for Spans {
    type Item = BlockSpan;

    fn next(&mut self) -> Option<BlockSpan> {
        if self.left == 0 {
            return None;
        }
        let start_in_block = in_block(self.offset);
        let len = self.left.min(BLOCK_SIZE - start_in_block);
        let span =
            BlockSpan { index: BlockIndex::of(self.offset), start_in_block, len, at_in_buffer: self.at };
        self.offset += len as u64;
        self.at += len;
        self.left -= len;
        Some(span)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let count = if self.left == 0 { 0 } else { (in_block(self.offset) + self.left).div_ceil(BLOCK_SIZE) };
        (count, Some(count))
    }
}

impl ExactSizeIterator for Spans {}

const fn in_block(offset: u64) -> usize {
    (offset % BLOCK_BYTES) as usize
}

/// How many bytes the block has in a file of this size; 0 beyond its end.
pub(crate) fn block_len(file_size: u64, index: BlockIndex) -> usize {
    let Some(start) = index.0.checked_mul(BLOCK_BYTES) else { return 0 };
    usize::try_from(file_size.saturating_sub(start).min(BLOCK_BYTES)).unwrap_or(BLOCK_SIZE)
}

/// How many blocks a file of this size has, the last, shorter one included.
pub(crate) const fn block_count(file_size: u64) -> u64 {
    file_size.div_ceil(BLOCK_BYTES)
}

/// The blocks of a range one by one.
pub(crate) fn indices(range: Range<BlockIndex>) -> impl DoubleEndedIterator<Item = BlockIndex> + Clone {
    (range.start.0..range.end.0).map(BlockIndex)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: u64 = BLOCK_BYTES;

    fn interesting_offsets() -> impl Iterator<Item = u64> + Clone {
        [0, 1, 4095, SIZE - 1, SIZE, SIZE + 1, 3 * SIZE - 1, 7 * SIZE + 123, u64::MAX / 2 - 5].into_iter()
    }

    fn interesting_lengths() -> impl Iterator<Item = usize> + Clone {
        [0, 1, 2, 511, 4096, BLOCK_SIZE - 1, BLOCK_SIZE, BLOCK_SIZE + 1, 3 * BLOCK_SIZE, 1_000_000]
            .into_iter()
    }

    #[test]
    fn spans_cover_the_range_exactly_once_and_in_order() {
        for offset in interesting_offsets() {
            for length in interesting_lengths() {
                let (mut next, mut at) = (offset, 0);
                let count = spans(offset, length).len();
                assert_eq!(count, spans(offset, length).count());
                for span in spans(offset, length) {
                    assert_eq!(span.index.offset() + span.start_in_block as u64, next);
                    assert_eq!(span.at_in_buffer, at);
                    assert!(span.len > 0 && span.start_in_block + span.len <= BLOCK_SIZE);
                    next += span.len as u64;
                    at += span.len;
                }
                assert_eq!((next, at), (offset + length as u64, length));
            }
        }
    }

    #[test]
    fn a_range_beyond_the_last_offset_is_cut() {
        let covered: usize = spans(u64::MAX - 10, 100).map(|span| span.len).sum();
        assert_eq!(covered, 10);
    }

    #[test]
    fn block_lengths_add_up_to_the_file() {
        for size in interesting_offsets().filter(|&size| size < 100 * SIZE) {
            let count = block_count(size);
            let total: u64 = (0..count).map(|index| block_len(size, BlockIndex(index)) as u64).sum();
            assert_eq!(total, size);
            assert_eq!(block_len(size, BlockIndex(count)), 0);
            assert!((0..count).all(|index| block_len(size, BlockIndex(index)) > 0));
        }
        assert_eq!(block_len(u64::MAX, BlockIndex(u64::MAX)), 0);
    }
}
