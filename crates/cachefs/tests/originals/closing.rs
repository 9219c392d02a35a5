//! Closing: what was written before is there after it, and who closes twice is none the worse.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cachefs_vfs::{SyncHow, Vfs, VfsExt};
use cachefs_writeback::Config;

use super::desk::{Desk, by_hand, bytes, write};

/// Waits until the backing has these bytes, which nobody asks for.
fn wait_flushed(desk: &Desk, path: &str, expected: &[u8]) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while desk.backing.read(path).unwrap() != expected {
        assert!(Instant::now() < deadline, "{path} is not flushed: {:?}", desk.write_back.status());
        std::thread::yield_now();
    }
}

#[test]
fn what_was_written_is_read_after_the_close() {
    let desk = Desk::new();
    desk.cache.write("f", &bytes(1, 100_000)).unwrap();
    assert_eq!(desk.written(), 0, "a close flushes nothing");
    assert!(desk.cache.read("f").unwrap() == bytes(1, 100_000));
    desk.check("f", &bytes(1, 100_000));
}

#[test]
fn without_an_interval_it_is_flushed_at_once() {
    let config = Config { flushers: 1, flush_after: Duration::ZERO, dirty_age: Duration::ZERO, ..by_hand() };
    let desk = Desk::with(config, |cache| cache);
    for round in 0..20 {
        desk.cache.write("f", &bytes(round, 10_000)).unwrap();
        wait_flushed(&desk, "f", &bytes(round, 10_000));
    }
}

#[test]
fn with_an_interval_it_is_flushed_after_it() {
    let config = Config { flushers: 2, flush_after: Duration::from_millis(20), ..by_hand() };
    let desk = Desk::with(config, |cache| cache);
    for file in 0..20 {
        desk.cache.write(file.to_string(), &bytes(file, 10_000)).unwrap();
    }
    // Also what is still open.
    let held = desk.open("7");
    write(&*held, b"more", 5_000);
    let mut expected = bytes(7, 10_000);
    expected[5_000..5_004].copy_from_slice(b"more");
    wait_flushed(&desk, "7", &expected);
    wait_flushed(&desk, "19", &bytes(19, 10_000));
}

#[test]
fn a_second_close_is_none_the_worse() {
    let desk = Desk::with_file("f", b"before");
    let (first, second) = (desk.open("f"), desk.open("f"));
    write(&*first, b"first", 0);
    drop(first);
    write(&*second, b"2nd", 0);
    second.sync(SyncHow::All).unwrap();
    second.sync(SyncHow::All).unwrap();
    drop(second);
    for _ in 0..2 {
        desk.flush();
        desk.write_back.flush_path("f".as_ref()).unwrap();
    }
    desk.check("f", b"2ndste");
    assert_eq!(desk.write_back.status().flushes, 1, "what is flushed is not flushed again");
}

#[test]
fn handles_outlive_the_filesystem() {
    let Desk { cache, write_back, backing, .. } = Desk::with_file("f", b"before");
    let (file, root) =
        (cache.open("f", cachefs_vfs::OpenHow::new(cachefs_vfs::Access::ReadWrite)).unwrap(), cache.root());
    write(&*file, b"dirty", 0);
    drop(cache);
    drop(Arc::into_inner(write_back));
    write(&*file, b"D", 0);
    let mut buffer = [0; 6];
    assert_eq!(file.read_at(&mut buffer, 0).unwrap(), 6);
    assert_eq!(&buffer, b"Dirtye");
    drop((file, root));
    assert_eq!(backing.read("f").unwrap(), b"before", "it waits in the journal");
}
