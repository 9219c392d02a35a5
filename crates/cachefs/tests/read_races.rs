//! Who reads after a write of ours has returned reads what it wrote, whatever was loading meanwhile.
//!
//! Runs for `CACHEFS_SOAK_SECONDS`, 5 if not set.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cachefs::{CacheFs, WriteMode};
use cachefs_vfs::{Access, AllocateHow, MemFs, OpenHow, Privileges, VFile, VfsExt};

const READERS: usize = 12;

/// One writer counts up in a file, `write` by `write`; no reader sees less than what was written when it began.
fn check(mode: WriteMode, write: impl Fn(&dyn VFile, u64)) {
    let seconds = std::env::var("CACHEFS_SOAK_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(5);
    let end = Instant::now() + Duration::from_secs(seconds);
    let backing = Arc::new(MemFs::new());
    backing.write("f", &[0; 8]).unwrap();
    let builder = CacheFs::builder(backing).write_mode(mode).ttl(Duration::from_secs(3600)).readahead(0);
    let file = builder.build().unwrap().open("f", OpenHow::new(Access::ReadWrite)).unwrap();
    let (written, over, stale) = (AtomicU64::new(0), AtomicBool::new(false), AtomicU64::new(0));
    let read = || {
        while !over.load(Ordering::Relaxed) {
            let least = written.load(Ordering::SeqCst);
            let mut bytes = [0; 8];
            assert_eq!(file.read_at(&mut bytes, 0).unwrap(), bytes.len());
            if u64::from_le_bytes(bytes) < least {
                stale.fetch_add(1, Ordering::Relaxed);
                over.store(true, Ordering::Relaxed);
            }
        }
    };
    thread::scope(|scope| {
        (0..READERS).for_each(|_| drop(scope.spawn(read)));
        for number in 1.. {
            if over.load(Ordering::Relaxed) || Instant::now() >= end {
                break;
            }
            write(&*file, number);
            written.store(number, Ordering::SeqCst);
        }
        over.store(true, Ordering::Relaxed);
    });
    let written = written.into_inner();
    assert_eq!(stale.into_inner(), 0, "after {written} writes");
}

fn write(file: &dyn VFile, number: u64) {
    assert_eq!(file.write_at(&number.to_le_bytes(), 0, Privileges::Keep).unwrap(), 8);
}

#[test]
fn after_writes_around_the_cache() {
    check(WriteMode::Around, write);
}

#[test]
fn after_writes_that_leave_the_cache_at_times() {
    check(WriteMode::Through, |file, number| {
        if number % 2 == 0 {
            // Takes the block out.
            file.allocate(AllocateHow::Zero, 8, 8, Privileges::Keep).unwrap();
        }
        write(file, number);
    });
}
