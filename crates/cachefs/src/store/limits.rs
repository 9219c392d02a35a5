use super::kept::Room;
use crate::block::BLOCK_SIZE;

/// What a [`super::Store`] may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StoreLimits {
    /// Bytes of memory, by the capacity of frames, in blocks and elsewhere.
    pub(crate) bytes_max: usize,
    /// Blocks.
    pub(crate) entries_max: usize,
    /// Independent parts, rounded up to a power of two; 0 for as many as the cores can use without leaving a shard
    /// too few blocks to choose victims from.
    pub(crate) shards: usize,
    /// Bytes of memory for files that are pinned; a quarter of all if not given.
    pub(crate) kept_max: Option<usize>,
}

impl StoreLimits {
    /// A shard should have at least this many blocks to choose a victim from.
    const BLOCKS_PER_SHARD: usize = 128;

    /// What files that are pinned may take of so many bytes: never more than three quarters, so that there is something
    /// to make room with.
    pub(super) fn kept(&self, bytes_max: usize) -> Room {
        let bytes = self.kept_max.unwrap_or(bytes_max / 4).min(bytes_max / 4 * 3);
        Room { bytes, blocks: self.entries_max - self.entries_max.div_ceil(4) }
    }

    /// How many full blocks fit.
    pub(super) fn blocks_expected(&self) -> usize {
        self.entries_max.min(self.bytes_max / BLOCK_SIZE)
    }

    pub(super) fn shard_count(&self) -> usize {
        if self.shards > 0 {
            return self.shards.next_power_of_two();
        }
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let wanted = (4 * cores).min(self.blocks_expected() / Self::BLOCKS_PER_SHARD).max(1);
        1 << wanted.ilog2()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(bytes_max: usize, entries_max: usize, shards: usize) -> usize {
        StoreLimits { bytes_max, entries_max, shards, kept_max: None }.shard_count()
    }

    #[test]
    fn shards_are_a_power_of_two_with_enough_blocks_each() {
        assert_eq!(limits(0, 0, 0), 1);
        assert_eq!(limits(127 * BLOCK_SIZE, usize::MAX, 0), 1);
        assert_eq!(limits(usize::MAX, 100, 0), 1);
        assert_eq!(limits(0, 0, 5), 8);
        let many = limits(usize::MAX, usize::MAX, 0);
        assert!(many.is_power_of_two() && many >= 4);
    }
}
