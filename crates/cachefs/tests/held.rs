//! What is held of a file, what is dropped on request, and a limit that changes while the cache is used.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::sync::Arc;

use cachefs::{CacheFs, Coherence};
use cachefs_vfs::{Access, MemFs, OpenHow, Vfs, VfsExt};

const BLOCK: usize = 64 << 10;

fn cache(memory: usize) -> (Arc<MemFs>, CacheFs) {
    let backing = Arc::new(MemFs::new());
    let cache = CacheFs::builder(Arc::clone(&backing) as Arc<dyn Vfs>)
        .memory(memory)
        .coherence(Coherence::Single)
        .readahead(0)
        .build()
        .unwrap();
    (backing, cache)
}

fn read(cache: &CacheFs, path: &str, offset: u64, len: usize) {
    let file = cache.open(path, OpenHow::new(Access::Read)).unwrap();
    assert_eq!(file.read_at(&mut vec![0; len], offset).unwrap(), len);
}

#[test]
fn what_is_held_is_what_was_read_and_goes_on_request() {
    let (backing, cache) = cache(8 << 20);
    backing.write("f", &vec![7; 10 * BLOCK + 100]).unwrap();
    backing.write("other", &[1; 100]).unwrap();
    assert_eq!(cache.held("f").unwrap().bytes, 0);
    read(&cache, "f", 0, BLOCK);
    read(&cache, "f", 10 * BLOCK as u64, 100);
    read(&cache, "other", 0, 100);
    let held = cache.held("f").unwrap();
    assert_eq!((held.blocks, held.bytes, held.attr.size), (2, BLOCK as u64 + 100, 10 * BLOCK as u64 + 100));
    assert_eq!(cache.held("other").unwrap().bytes, 100);
    assert_eq!(cache.evict("f").unwrap(), held);
    assert_eq!(cache.held("f").unwrap().bytes, 0);
    assert_eq!(cache.held("other").unwrap().bytes, 100, "others stay");
    assert_eq!(cache.read("f").unwrap(), vec![7; 10 * BLOCK + 100]);
    assert_eq!(cache.held("f").unwrap().bytes, 10 * BLOCK as u64 + 100);
    assert!(cache.held("missing").unwrap_err().is_not_found());
}

#[test]
fn a_sparsely_held_file_of_many_blocks_is_counted_the_other_way_round() {
    let (backing, cache) = cache(8 << 20);
    backing.write("f", b"").unwrap();
    backing.set_len("f", 4096 * BLOCK as u64).unwrap();
    read(&cache, "f", 4095 * BLOCK as u64, BLOCK);
    assert_eq!(cache.held("f").unwrap().blocks, 1);
    assert_eq!(cache.held("f").unwrap().bytes, BLOCK as u64);
}

#[test]
fn memory_that_is_lowered_is_given_back_and_can_be_raised_again() {
    let (backing, cache) = cache(4 << 20);
    backing.write("f", &vec![7; 8 << 20]).unwrap();
    cache.read("f").unwrap();
    assert!(cache.usage().bytes > 3 << 20);
    cache.set_memory(1 << 20);
    let usage = cache.usage();
    assert!(usage.bytes <= 1 << 20, "{usage:?}");
    assert_eq!(usage.bytes_max, 1 << 20);
    assert_eq!(cache.read("f").unwrap(), vec![7; 8 << 20]);
    assert!(cache.usage().bytes <= 1 << 20);
    cache.set_memory(16 << 20);
    cache.read("f").unwrap();
    assert!(cache.usage().bytes >= 8 << 20, "{:?}", cache.usage());
    assert_eq!(cache.held("f").unwrap().bytes, 8 << 20);
}
