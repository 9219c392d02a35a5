use std::sync::Arc;

use cachefs_benches::blocks::{BLOCK, Blocks, Key};
use cachefs_benches::content;
use moka::sync::Cache;

/// `moka`'s cache for threads.
#[derive(Debug)]
pub(crate) struct Moka(Cache<Key, Arc<[u8]>>);

impl Moka {
    pub(crate) fn new(count: usize) -> Self {
        let cache = Cache::new(2 * count as u64);
        (0..count).for_each(|number| cache.insert(Key::of(number), content(number, BLOCK).into()));
        cache.run_pending_tasks();
        Self(cache)
    }
}

impl Blocks for Moka {
    fn get(&self, number: usize, buffer: &mut [u8]) -> bool {
        let found = self.0.get(&Key::of(number));
        found.inspect(|bytes| buffer.copy_from_slice(bytes)).is_some()
    }
}
