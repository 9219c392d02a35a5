use super::*;

#[test]
fn what_was_appended_is_there_after_a_kill() {
    each(|dir| {
        let lengths = [0, 1, 7, 100, 4096, 65_536, 65_537, 300_000];
        let (journal, scan) = open(&dir);
        assert!(scan.records.is_empty() && scan.same_boot);
        let entries: Vec<_> = (0_u64..).map(data).take(lengths.len()).collect();
        for (index, &length) in lengths.iter().enumerate() {
            let record = journal.append(&entries[index], &bytes(length as u64, length)).unwrap();
            assert_eq!(record.seq(), Seq(index as u64 + 1));
            assert_eq!(payload(&record), bytes(length as u64, length));
        }
        drop(journal);
        let (journal, scan) = open(&dir);
        assert_eq!(journal.last(), Seq(8));
        assert!(scan.same_boot && scan.damage.is_empty() && scan.torn.is_empty());
        assert_eq!(scan.records.len(), 8);
        for (index, (record, entry)) in scan.records.iter().enumerate() {
            assert_eq!((entry, record.seq()), (&entries[index], Seq(index as u64 + 1)));
            assert_eq!(payload(record), bytes(lengths[index] as u64, lengths[index]));
        }
    });
}

#[test]
fn numbers_go_on_over_many_starts_also_when_nothing_is_left() {
    each(|dir| {
        for round in 0..5 {
            let (journal, scan) = open(&dir);
            assert_eq!(scan.records.len(), usize::from(round > 0), "all but the newest segment was let go");
            drop(scan);
            let record = journal.append(&Entry::Done { no: NO }, &[]).unwrap();
            assert_eq!(record.seq(), Seq(round + 1));
            drop(record);
            journal.reclaim().unwrap();
            assert_eq!(names(&dir).len(), 1);
        }
    });
}

#[test]
fn a_part_of_a_payload_is_read_and_nothing_beyond() {
    let (journal, _) = open(&mem());
    let record = journal.append(&data(0), b"0123456789").unwrap();
    let mut part = [0; 3];
    record.read(4, &mut part).unwrap();
    assert_eq!(&part, b"456");
    assert!(record.read(8, &mut part).is_err());
    assert!(record.read(u64::MAX, &mut part).is_err());
}

#[test]
fn a_whole_payload_that_has_changed_is_not_given() {
    let dir = mem();
    let (journal, _) = open(&dir);
    let record = journal.append(&data(0), b"0123456789").unwrap();
    file(&dir, "00000001.journal").write_at(b"x", record.payload, Privileges::Keep).unwrap();
    let error = record.read(0, &mut [0; 10]).unwrap_err();
    assert_eq!(error.into_error().errno(), cachefs_vfs::Errno::IO);
}

#[test]
fn another_source_and_another_format_are_refused() {
    let dir = mem();
    open(&dir).0.append(&data(0), b"x").unwrap();
    let other = Setup { source: SourceId([9; 32]), ..setup() };
    assert_eq!(Journal::open(Arc::clone(&dir), other).unwrap_err(), JournalError::WrongSource);
    assert_eq!(Journal::inspect(&dir, setup().boot).unwrap().records.len(), 1);
    let mut bytes = contents(&dir, "00000001.journal");
    bytes[8] = 2;
    let crc = crc32c::crc32c(&bytes[..92]);
    bytes[92..96].copy_from_slice(&crc.to_le_bytes());
    put(&dir, "00000001.journal", &bytes);
    let error = Journal::open(Arc::clone(&dir), setup()).unwrap_err();
    assert_eq!(error, JournalError::Version { found: 2, expected: 1 });
}

#[test]
fn another_boot_is_told_for_as_long_as_records_are_left_of_it() {
    let dir = mem();
    open(&dir).0.append(&data(0), b"x").unwrap();
    let boot = Setup { boot: BootId([3; 16]), ..setup() };
    let (journal, scan) = Journal::open(Arc::clone(&dir), boot).unwrap();
    assert!(!scan.same_boot);
    journal.append(&data(1), b"y").unwrap();
    drop((journal, scan));
    let (_, scan) = Journal::open(Arc::clone(&dir), boot).unwrap();
    assert!(!scan.same_boot, "the power was lost after the first record, whoever was here since");
    let boots: Vec<_> = scan.records.iter().map(|(record, _)| record.boot()).collect();
    assert_eq!(boots, [Some(setup().boot), Some(boot.boot)]);
}

#[test]
fn looking_changes_nothing() {
    let dir = mem();
    let (journal, _) = open(&dir);
    for offset in 0..20 {
        journal.append(&data(offset), &[1; 1000]).unwrap();
    }
    let before: Vec<_> = names(&dir).iter().map(|name| contents(&dir, name)).collect();
    assert_eq!(Journal::inspect(&dir, setup().boot).unwrap().records.len(), 20);
    let after: Vec<_> = names(&dir).iter().map(|name| contents(&dir, name)).collect();
    assert!(before == after);
}

#[test]
fn what_is_too_long_is_refused_and_breaks_nothing() {
    let (journal, _) = open(&mem());
    let long = "x".repeat(70_000).into();
    let entry = Entry::Conflict { no: NO, path: long, upto: Seq(0) };
    assert!(matches!(journal.append(&entry, &[]), Err(JournalError::Io(_))));
    assert_eq!(journal.append(&data(0), b"x").unwrap().seq(), Seq(1));
    assert_eq!(journal.broken(), None);
}
