//! Blocks: what the cache keeps bytes in. Keys, offsets, and the memory beneath.

mod class;
mod frame;
mod key;
mod memory;
mod pool;
mod span;

pub(crate) use class::SizeClass;
pub(crate) use frame::{Frame, FrameMut};
pub(crate) use key::{BlockIndex, BlockKey, Generation, fold};
pub(crate) use pool::BufferPool;
pub(crate) use span::{BlockSpan, block_count, block_len, indices, spans};

/// Bytes in a block; the last one of a file is as long as the file leaves it.
pub(crate) const BLOCK_SIZE: usize = 64 * 1024;

/// [`BLOCK_SIZE`] for offsets.
pub(crate) const BLOCK_BYTES: u64 = BLOCK_SIZE as u64;
