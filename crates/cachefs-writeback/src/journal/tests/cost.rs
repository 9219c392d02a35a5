//! What it costs, beside the calls beneath; printed, for whoever changes it.

use std::thread;
use std::time::Instant;

use super::*;

const COUNT: u32 = 15_000;

fn big() -> Setup {
    Setup { segment_size: 64 << 20, bytes_max: 3 << 30, ..setup() }
}

/// Nanoseconds of each of `count` calls.
fn each_ns(count: u32, mut call: impl FnMut(u64)) -> u128 {
    let start = Instant::now();
    (0..u64::from(count)).for_each(&mut call);
    start.elapsed().as_nanos() / u128::from(count)
}

#[test]
#[ignore = "measures; wants a quiet machine"]
fn an_append_costs_little_more_than_the_write_beneath() {
    let temp = tempfile::tempdir().unwrap();
    let dir = LocalFs::open(temp.path()).unwrap().root().unwrap();
    for (length, count) in [(4096, COUNT), (1 << 20, 500)] {
        let bytes = bytes(1, length);
        let plain = segment::SegmentFile::create(&*dir, SegmentNo(999), 64 << 20).unwrap();
        let bare = each_ns(count, |i| plain.write(&bytes, i * length as u64).unwrap());
        plain.remove(&*dir).unwrap();
        let sum = each_ns(count, |_| assert_ne!(crc32c::crc32c(std::hint::black_box(&bytes)), 0));
        let (journal, _) = Journal::open(Arc::clone(&dir), big()).unwrap();
        journal.append(&data(0), &[]).unwrap();
        let append = each_ns(count, |i| drop(journal.append(&data(i), &bytes).unwrap()));
        eprintln_ns(&format!("{length} bytes: write {bare} ns, checksum {sum} ns, append {append} ns"));
        journal.reclaim().unwrap();
    }
}

#[test]
#[ignore = "measures; wants a quiet machine"]
fn many_commit_faster_than_one() {
    let temp = tempfile::tempdir_in(".").unwrap();
    let dir = LocalFs::open(temp.path()).unwrap().root().unwrap();
    let plain = segment::SegmentFile::create(&*dir, SegmentNo(999), 16 << 20).unwrap();
    let bare = each_ns(200, |i| {
        plain.write(&[1; 4096], i * 4096).unwrap();
        plain.sync(&*dir).unwrap();
    });
    let (journal, _) = Journal::open(Arc::clone(&dir), big()).unwrap();
    let one = each_ns(200, |i| {
        let record = journal.append(&data(i), &[1; 4096]).unwrap();
        journal.commit(record.seq()).unwrap();
    });
    let start = Instant::now();
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                each_ns(200, |i| {
                    let record = journal.append(&data(i), &[1; 4096]).unwrap();
                    journal.commit(record.seq()).unwrap();
                })
            });
        }
    });
    let many = start.elapsed().as_nanos() / 3200;
    eprintln_ns(&format!(
        "write and fdatasync {bare} ns, append and commit {one} ns, of 16 threads {many} ns"
    ));
}

fn eprintln_ns(line: &str) {
    eprintln!("{line}");
}
