use std::fmt;
use std::sync::Arc;

use cachefs_benches::blocks::{BLOCK, Blocks, Key};
use cachefs_benches::content;
use foyer_memory::{Cache, CacheBuilder, S3FifoConfig};

/// The part of `foyer` that is in memory, with S3-FIFO and as many shards as it has by itself.
pub(crate) struct Foyer(Cache<Key, Arc<[u8]>>);

impl Foyer {
    pub(crate) fn new(count: usize) -> Self {
        let builder = CacheBuilder::new(2 * count).with_eviction_config(S3FifoConfig::default());
        let cache: Cache<Key, Arc<[u8]>> = builder.build();
        for number in 0..count {
            cache.insert(Key::of(number), content(number, BLOCK).into());
        }
        Self(cache)
    }
}

impl fmt::Debug for Foyer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Foyer").field("usage", &self.0.usage()).finish_non_exhaustive()
    }
}

impl Blocks for Foyer {
    fn get(&self, number: usize, buffer: &mut [u8]) -> bool {
        let found = self.0.get(&Key::of(number));
        found.inspect(|entry| buffer.copy_from_slice(entry.value())).is_some()
    }
}
