use std::time::Duration;

use crate::coherence::{Coherence, Ttls};

/// What happens to bytes that are written. What is written back is so beneath the cache: see [`crate::write_back`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WriteMode {
    /// They go to the backing before the verb returns, and into the cache.
    #[default]
    Through,
    /// They go to the backing before the verb returns, and what the cache had of that range leaves it.
    Around,
}

/// The limits and modes of one cache.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) memory_bytes: usize,
    pub(crate) block_entries: usize,
    /// A share of the memory if not given.
    pub(crate) pin_bytes_max: Option<usize>,
    pub(crate) metadata_entries: usize,
    pub(crate) listing_entries: usize,
    pub(crate) handles_max: usize,
    pub(crate) readahead_bytes: u64,
    pub(crate) workers: usize,
    /// Whether hits by size are estimated.
    pub(crate) curve: bool,
    pub(crate) write_mode: WriteMode,
    pub(crate) coherence: Coherence,
    pub(crate) recheck: Duration,
    /// Of what no watch covers.
    pub(crate) ttls: Ttls,
}

impl Config {
    /// Background jobs that may wait, per thread that runs them.
    const QUEUE_PER_WORKER: usize = 16;

    pub(crate) fn queue_max(&self) -> usize {
        self.workers * Self::QUEUE_PER_WORKER
    }

    /// Nobody reads further ahead than what leaves most of the memory to others.
    pub(crate) fn readahead_window(&self) -> u64 {
        self.readahead_bytes.min(self.memory_bytes as u64 / 8)
    }
}

impl Default for Config {
    fn default() -> Self {
        let second = Duration::from_secs(1);
        Self {
            memory_bytes: 512 << 20,
            block_entries: 1 << 20,
            pin_bytes_max: None,
            metadata_entries: 1 << 17,
            listing_entries: 1 << 17,
            handles_max: 1024,
            readahead_bytes: 4 << 20,
            workers: 4,
            curve: false,
            write_mode: WriteMode::Through,
            coherence: Coherence::Ttl(second),
            recheck: second,
            ttls: Ttls { attr: second, name: second, negative: second, listing: second },
        }
    }
}
