use std::sync::Arc;

use cachefs_benches::blocks::{BLOCK, Blocks, Key};
use cachefs_benches::content;
use quick_cache::sync::Cache;

/// `quick_cache`, its shards with room for everything however unevenly keys fall.
#[derive(Debug)]
pub(crate) struct Quick(Cache<Key, Arc<[u8]>>);

impl Quick {
    pub(crate) fn new(count: usize) -> Self {
        let cache = Cache::new(2 * count);
        (0..count).for_each(|number| cache.insert(Key::of(number), content(number, BLOCK).into()));
        Self(cache)
    }
}

impl Blocks for Quick {
    fn get(&self, number: usize, buffer: &mut [u8]) -> bool {
        let found = self.0.get(&Key::of(number));
        found.inspect(|bytes| buffer.copy_from_slice(bytes)).is_some()
    }
}
