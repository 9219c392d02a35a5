use cachefs_vfs::{Errno, MemFsBuilder};

use super::*;

fn fill(journal: &Journal) -> Vec<Record> {
    let mut records = Vec::new();
    loop {
        match journal.append(&data(records.len() as u64), &bytes(records.len() as u64, 1000)) {
            Ok(record) => records.push(record),
            Err(JournalError::Full { needed }) => {
                assert!(needed > 1000 && needed < 1200);
                return records;
            }
            Err(other) => panic!("{other:?}"),
        }
    }
}

/// How many small records find room.
fn control(journal: &Journal) -> usize {
    (0..100_000).take_while(|_| journal.append(&Entry::Window { no: NO }, &[]).is_ok()).count()
}

fn sums(scan: &Scan) -> (usize, usize) {
    let (data, other): (Vec<_>, Vec<_>) =
        scan.records.iter().partition(|(_, entry)| matches!(entry, Entry::Data { .. }));
    for (record, entry) in &data {
        let &Entry::Data { offset, .. } = entry else { continue };
        assert_eq!(payload(record), bytes(offset, 1000));
    }
    (data.len(), other.len())
}

#[test]
fn the_limit_is_kept_and_room_is_left_for_what_makes_room() {
    each(|dir| {
        let (journal, _) = open(&dir);
        let records = fill(&journal);
        let limit = setup().bytes_max;
        assert!(records.len() as u64 * 1000 > limit / 2, "{}", records.len());
        let small = control(&journal);
        assert!(small as u64 * 48 > setup().segment_size / 2, "{small}");
        let usage = journal.usage();
        assert!(usage.bytes <= limit && usage.bytes > limit - setup().segment_size, "{usage:?}");
        assert_eq!(journal.broken(), None);
        let (_, scan) = open(&dir);
        assert_eq!(sums(&scan), (records.len(), small));
        drop((scan, records));
        journal.reclaim().unwrap();
        assert!(journal.append(&data(0), &[0; 1000]).is_ok());
    });
}

#[test]
fn a_full_disk_is_full_and_not_broken() {
    let fs = MemFsBuilder::default().capacity_bytes(200_000).build();
    let dir = fs.root().unwrap();
    let (journal, _) = open(&dir);
    let records = fill(&journal);
    assert!(records.len() > 100, "{}", records.len());
    let small = control(&journal);
    assert!(small > 5, "the end of the last segment was reserved on the disk: {small}");
    assert_eq!(journal.broken(), None);
    let (_, scan) = open(&dir);
    assert!(scan.damage.is_empty() && scan.torn.is_empty());
    assert_eq!(sums(&scan), (records.len(), small));
    drop((scan, records));
    assert!(journal.reclaim().unwrap() > 0);
    fill(&journal);
    assert_eq!(journal.broken(), None);
}

#[test]
fn a_start_on_a_full_disk_takes_nothing_and_reads_all() {
    let fs = MemFsBuilder::default().capacity_bytes(100_000).build();
    let dir = fs.root().unwrap();
    let count = fill(&open(&dir).0).len();
    let other = fs.root().unwrap();
    other
        .create(
            Name::new("other").unwrap(),
            cachefs_vfs::CreateHow {
                open: OpenHow::new(Access::Write),
                mode: cachefs_vfs::Mode::new(0o600),
                exclusive: true,
            },
            &cachefs_vfs::Owner::process(),
        )
        .unwrap()
        .handle
        .write_at(&[1; 200_000], 0, Privileges::Keep)
        .ok();
    let (journal, scan) = open(&dir);
    assert_eq!(scan.records.len(), count);
    assert!(matches!(journal.append(&data(0), &[0; 1000]), Err(JournalError::Full { .. })));
    assert_eq!(journal.broken(), None);
    drop(scan);
    assert!(journal.reclaim().unwrap() > 0);
    journal.append(&data(0), &[0; 1000]).unwrap();
    assert_eq!(JournalError::Full { needed: 1 }.into_error().errno(), Errno::NOSPC);
}

#[test]
fn starts_that_follow_each_other_do_not_fill_it() {
    each(|dir| {
        let wide = Setup { segment_size: 1 << 20, bytes_max: 8 << 20, ..setup() };
        for round in 0..30 {
            let (journal, scan) = Journal::open(Arc::clone(&dir), wide).unwrap();
            assert_eq!(scan.records.len(), round);
            journal.append(&data(0), b"x").unwrap();
        }
        let (journal, _) = Journal::open(Arc::clone(&dir), wide).unwrap();
        let bytes: usize = names(&dir).iter().map(|name| contents(&dir, name).len()).sum();
        assert_eq!(journal.usage().bytes, bytes as u64);
        assert!(bytes < 200_000, "{bytes}");
    });
}

#[test]
fn what_was_reserved_is_given_back_when_asked_for() {
    each(|dir| {
        let (journal, _) = open(&dir);
        for offset in 0..7 {
            journal.append(&data(offset), &[3; 1000]).unwrap();
        }
        assert_eq!(names(&dir).len(), 2, "the next segment is prepared");
        assert_eq!(Journal::inspect(&dir, setup().boot).unwrap().torn, []);
        for _ in 0..2 {
            journal.trim().unwrap();
            assert_eq!(names(&dir).len(), 1);
            assert_eq!(journal.usage().bytes, contents(&dir, "00000001.journal").len() as u64);
        }
        let record = journal.append(&data(7), &[3; 1000]).unwrap();
        assert!(record.segment() > SegmentNo(1));
        let (_, scan) = open(&dir);
        assert_eq!((scan.records.len(), scan.damage.len()), (8, 0));
    });
}

#[test]
fn a_segment_that_was_only_prepared_is_removed_by_the_next_start() {
    each(|dir| {
        let (journal, _) = open(&dir);
        let mut offset = 0;
        while names(&dir).len() < 2 {
            journal.append(&data(offset), &[3; 1000]).unwrap();
            offset += 1;
        }
        let (_, scan) = open(&dir);
        assert_eq!(scan.records.len() as u64, offset);
        assert_eq!(names(&dir), ["00000001.journal"]);
    });
}
