//! Files that others write at the same time as we do: what we write and what they write stay apart.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use cachefs::CacheFs;
use cachefs_vfs::{Access, LocalFs, OpenHow, Privileges, VFile, Vfs, VfsExt};

use support::{Bench, wait_until};

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

fn open(fs: &dyn Vfs, path: &str) -> Arc<dyn VFile> {
    fs.open(path, OpenHow::new(Access::ReadWrite)).unwrap()
}

fn write(file: &dyn VFile, data: &[u8], offset: u64) {
    assert_eq!(file.write_at(data, offset, Privileges::Keep).unwrap(), data.len());
}

fn contents(file: &dyn VFile) -> Vec<u8> {
    let mut buffer = vec![0xEE; MIB];
    let count = file.read_at(&mut buffer, 0).unwrap();
    buffer.truncate(count);
    buffer
}

/// After `ours`, which makes a file longer that others made 100 bytes long since we looked, all agree.
fn check_a_gap_that_others_filled(known: &[u8], ours: impl FnOnce(&dyn VFile)) {
    let bench = Bench::new(|cache| cache);
    bench.backing.write("f", known).unwrap();
    let file = open(&bench.cache, "f");
    assert_eq!(contents(&*file), known);
    write(&*open(&*bench.backing, "f"), &[b'F'; 100], 0);
    ours(&*file);
    for _ in 0..2 {
        bench.clock.advance(Duration::from_secs(60));
        assert!(contents(&*file) == bench.backing.read("f").unwrap());
    }
}

#[test]
fn a_write_beyond_an_outdated_end_makes_up_no_zeros() {
    check_a_gap_that_others_filled(b"", |file| write(file, &[b'o'; 100], 100));
}

#[test]
fn a_write_into_the_next_block_makes_up_no_zeros() {
    check_a_gap_that_others_filled(&[b'F'; 50], |file| write(file, &[b'o'; 100], 64 * KIB as u64));
}

#[test]
fn a_new_length_makes_up_no_zeros() {
    check_a_gap_that_others_filled(&[b'F'; 50], |file| {
        file.set_len(200, Privileges::Keep).unwrap();
    });
}

#[test]
fn records_of_two_writers_that_take_turns_stay_what_they_are() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("f"), b"").unwrap();
    let backing = Arc::new(LocalFs::open(dir.path()).unwrap());
    let cache = CacheFs::builder(backing.clone()).ttl(Duration::from_millis(50)).build().unwrap();
    let (ours, theirs) = (open(&cache, "f"), open(&*backing, "f"));
    for record in 0..20 {
        write(&*theirs, &[b'F'; 100], record * 200);
        write(&*ours, &[b'o'; 100], record * 200 + 100);
    }
    wait_until("both see the same", || contents(&*ours) == contents(&*theirs));
}
