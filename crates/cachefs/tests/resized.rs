//! Others change the length of a file before anybody could know: bytes are never given the length of another version.

use std::sync::Arc;
use std::time::Duration;

use cachefs::CacheFs;
use cachefs::time::ManualClock;
use cachefs_vfs::{MemFs, VfsExt};

#[test]
fn a_file_that_grew_is_not_cut_to_the_length_it_had() {
    let beneath = Arc::new(MemFs::new());
    let clock = Arc::new(ManualClock::new());
    let cache =
        CacheFs::builder(beneath.clone()).ttl(Duration::from_secs(3600)).clock(clock).build().unwrap();
    for (name, before, after) in [("small", 5, 9), ("block", 65_536, 65_537), ("tail", 70_000, 300_000)] {
        beneath.write(name, &vec![b'a'; before]).unwrap();
        assert_eq!(cache.stat(name).unwrap().size, before as u64, "known from here on, but no byte");
        beneath.write(name, &vec![b'b'; after]).unwrap();
        let read = cache.read(name).unwrap();
        assert!(read == vec![b'b'; after], "{name}: {} bytes, of {after}", read.len());
    }
}

#[test]
fn a_file_that_shrank_has_no_bytes_beyond_its_end() {
    let beneath = Arc::new(MemFs::new());
    let cache = CacheFs::builder(beneath.clone()).ttl(Duration::from_secs(3600)).build().unwrap();
    beneath.write("file", &[b'a'; 70_000]).unwrap();
    cache.stat("file").unwrap();
    beneath.write("file", b"bb").unwrap();
    assert_eq!(cache.read("file").unwrap(), b"bb");
}
