//! Counters that stood still, and work that grew with the square of what was written.

use cachefs::stats::Counter;
use cachefs_testkit::{CallKind, Rule};
use cachefs_vfs::{Errno, VfsExt};

use super::desk::{Desk, bytes, write};

#[test]
fn flushes_are_counted() {
    let desk = Desk::new();
    for file in 0..3 {
        desk.cache.write(file.to_string(), &bytes(file, 1000)).unwrap();
    }
    let dirty = desk.write_back.status();
    assert_eq!((dirty.dirty_files, dirty.dirty_bytes, dirty.flushes), (3, 3000, 0));
    assert!(dirty.oldest_age.is_some() && dirty.journal_bytes >= 3000, "{dirty:?}");
    desk.flush();
    let clean = desk.write_back.status();
    assert_eq!((clean.dirty_files, clean.dirty_bytes, clean.oldest_age), (0, 0, None));
    assert_eq!((clean.flushes, clean.flushed_bytes, clean.flush_failures), (3, 3000, 0));
    assert_eq!((clean.conflicts, clean.lost_bytes, clean.through_writes), (0, 0, 0));
}

#[test]
fn failed_flushes_are_counted_and_named() {
    let desk = Desk::with_file("f", b"before");
    let full = desk.faults.add(Rule::on(CallKind::Write).fail(Errno::NOSPC));
    write(&*desk.open("f"), b"after!", 0);
    assert_eq!(desk.write_back.flush_path("f".as_ref()).unwrap_err().errno(), Errno::NOSPC);
    let status = desk.write_back.status();
    assert!(status.flush_failures >= 1 && status.flushes == 0, "{status:?}");
    assert_eq!((status.failing.len(), status.failing[0].path.to_str()), (1, Some("f")));
    assert_eq!(status.failing[0].error.as_ref().map(cachefs_vfs::Error::errno), Some(Errno::NOSPC));
    full.release();
    desk.check("f", b"after!");
    assert_eq!(desk.write_back.status().failing, []);
}

#[test]
fn operations_are_counted() {
    let desk = Desk::with_file("f", &bytes(1, 1000));
    let before = desk.cache.stats();
    desk.cache.read("f").unwrap();
    desk.cache.read("f").unwrap();
    write(&*desk.open("f"), b"more", 0);
    let counted = desk.cache.stats().since(&before);
    for counter in
        [Counter::DataHit, Counter::DataMiss, Counter::NameMiss, Counter::NameHit, Counter::HitBytes]
    {
        assert!(counted.get(counter) > 0, "{counter:?}");
    }
    assert_eq!(counted.get(Counter::BackingWrittenBytes), 4);
}

/// What is allocated and written for a stream of so many bytes, by 4 KiB each.
fn stream(length: u64) -> (u64, u64, u64) {
    let desk = Desk::with_file("f", b"");
    let (file, step) = (desk.open("f"), bytes(1, 4096));
    let allocated = allocation_counter::measure(|| {
        (0..length / 4096).for_each(|at| write(&*file, &step, at * 4096));
    });
    let journal = desk.write_back.status().journal_bytes;
    desk.flush();
    (allocated.bytes_total, journal, desk.written())
}

#[test]
fn a_stream_costs_in_proportion_to_its_length() {
    const MIB: u64 = 1 << 20;
    let (one, eight) = (stream(MIB), stream(8 * MIB));
    println!("bytes allocated, of journal, written to the backing: {one:?} for 1 MiB, {eight:?} for 8 MiB");
    assert_eq!((one.2, eight.2), (MIB, 8 * MIB), "each byte is written once");
    assert!(eight.1 <= 9 * MIB + 8 * MIB, "the journal: {} bytes", eight.1);
    assert!(eight.0 <= 16 * one.0.max(MIB), "{} bytes allocated for eight times {}", eight.0, one.0);
}
