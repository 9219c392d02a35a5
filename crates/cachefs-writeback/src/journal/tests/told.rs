use super::*;

#[test]
fn a_cut_anywhere_in_the_last_record_is_no_damage() {
    let dir = mem();
    let (journal, _) = open(&dir);
    journal.append(&data(0), b"first").unwrap();
    let last = journal.append(&data(3), b"the second one").unwrap();
    let (begin, content) = (start(&last, &data(3)), contents(&dir, "00000001.journal"));
    let end = usize::try_from(last.payload + last.payload_len()).unwrap();
    for cut in begin..end {
        put(&dir, "00000001.journal", &content[..cut]);
        let scan = Journal::inspect(&dir, setup().boot).unwrap();
        assert_eq!((scan.records.len(), scan.damage.len()), (1, 0), "cut at {cut}");
    }
    let torn = Journal::inspect(&dir, setup().boot).unwrap().torn;
    assert_eq!(torn[0].bytes, Some(LostBytes { no: NO, offset: 3, length: 14 }));
}

#[test]
fn a_changed_payload_costs_its_record_and_says_whose_it_was() {
    let dir = mem();
    let (journal, _) = open(&dir);
    let records: Vec<_> = (0..3).map(|offset| journal.append(&data(offset), &[1; 100]).unwrap()).collect();
    file(&dir, "00000001.journal").write_at(b"x", records[1].payload, Privileges::Keep).unwrap();
    let (_, scan) = open(&dir);
    let found: Vec<_> = scan.records.iter().map(|(record, _)| record.seq().0).collect();
    assert_eq!(found, [1, 3]);
    let bytes = Some(LostBytes { no: NO, offset: 1, length: 100 });
    assert_eq!(scan.damage, [Damage { first: Seq(2), last: Seq(2), bytes, certain: true }]);
}

#[test]
fn after_a_loss_of_power_only_what_was_synced_is_certain() {
    let dir = mem();
    let (journal, _) = open(&dir);
    let records: Vec<_> = (0..9)
        .map(|offset| {
            let record = journal.append(&data(offset), &[1; 100]).unwrap();
            if offset == 4 {
                journal.commit(record.seq()).unwrap();
            }
            record
        })
        .collect();
    for index in [1, 6, 8] {
        file(&dir, "00000001.journal").write_at(b"x", records[index].payload, Privileges::Keep).unwrap();
    }
    let scan = Journal::inspect(&dir, BootId([99; 16])).unwrap();
    let told: Vec<_> = scan.damage.iter().map(|damage| (damage.first.0, damage.certain)).collect();
    assert_eq!(told, [(2, true), (7, false)]);
    assert_eq!(scan.torn.len(), 1);
}

#[test]
fn a_segment_missing_in_the_middle_is_damage() {
    let dir = mem();
    let (journal, _) = open(&dir);
    let records: Vec<_> = (0..12).map(|offset| journal.append(&data(offset), &[1; 3000]).unwrap()).collect();
    let gone = records[5].segment();
    dir.remove(Name::new(&format!("{:08}.journal", gone.0)).unwrap(), cachefs_vfs::RemoveKind::File).unwrap();
    let lost: Vec<_> = records.iter().filter(|record| record.segment() == gone).map(Record::seq).collect();
    let (_, scan) = open(&dir);
    assert_eq!(scan.records.len(), 12 - lost.len());
    let (first, last) = (lost[0], lost[lost.len() - 1]);
    assert_eq!(scan.damage, [Damage { first, last, bytes: None, certain: true }]);
}

#[test]
fn a_copy_of_the_journal_within_the_journal_is_not_believed() {
    let dir = mem();
    let (journal, _) = open(&dir);
    for offset in 0..3 {
        journal.append(&data(offset), &[1; 100]).unwrap();
    }
    let copy = contents(&dir, "00000001.journal");
    let victim = journal.append(&data(9), &copy[..4096]).unwrap();
    journal.append(&data(10), b"after").unwrap();
    let header = start(&victim, &data(9)) as u64;
    file(&dir, &format!("{:08}.journal", victim.segment().0))
        .write_at(&[0; 40], header, Privileges::Keep)
        .unwrap();
    let (_, scan) = open(&dir);
    let found: Vec<_> = scan.records.iter().map(|(record, _)| record.seq().0).collect();
    assert_eq!(found, [1, 2, 3, 5]);
}

#[test]
fn a_record_of_another_journal_is_not_believed_in_the_very_same_place() {
    let (ours, other) = (mem(), mem());
    open(&ours).0.append(&data(0), b"first").unwrap();
    let (journal, _) = open(&other);
    journal.append(&data(0), b"first").unwrap();
    let second = journal.append(&data(0), b"second").unwrap();
    let begin = start(&second, &data(0));
    let bytes = &contents(&other, "00000001.journal")[begin..];
    file(&ours, "00000001.journal").write_at(bytes, begin as u64, Privileges::Keep).unwrap();
    let (_, scan) = open(&ours);
    assert_eq!((scan.records.len(), scan.damage.len(), scan.torn.len()), (1, 0, 0));
}

#[test]
fn a_number_that_was_torn_is_used_again_and_found_also_behind_a_damaged_head() {
    let dir = mem();
    let (journal, _) = open(&dir);
    journal.append(&data(0), b"first").unwrap();
    let torn = journal.append(&data(1), b"torn").unwrap();
    file(&dir, "00000001.journal").write_at(b"x", torn.payload, Privileges::Keep).unwrap();
    let (journal, scan) = open(&dir);
    assert_eq!((scan.records.len(), scan.torn.len()), (1, 1));
    assert_eq!(journal.append(&data(2), b"again").unwrap().seq(), torn.seq());
    for head in [None, Some(&[0; 8])] {
        if let Some(bytes) = head {
            file(&dir, "00000002.journal").write_at(bytes, 0, Privileges::Keep).unwrap();
        }
        let (_, scan) = open(&dir);
        let found: Vec<_> = scan.records.iter().map(|(record, _)| payload(record)).collect();
        assert_eq!(found, [b"first".to_vec(), b"again".to_vec()]);
        assert_eq!((scan.damage.len(), scan.torn.len()), (0, 0));
    }
}

#[test]
fn without_any_head_the_records_speak_for_themselves() {
    let dir = mem();
    let (journal, _) = open(&dir);
    for offset in 0..3 {
        journal.append(&data(offset), b"before").unwrap();
    }
    file(&dir, "00000001.journal").write_at(&[0; head::HEAD], 0, Privileges::Keep).unwrap();
    for starts in 0..3 {
        let (journal, scan) = open(&dir);
        assert_eq!((scan.records.len(), scan.damage.len()), (3 + starts, 0));
        assert!(!scan.same_boot, "nobody knows");
        journal.append(&data(9), b"after").unwrap();
    }
}

#[test]
fn files_of_others_are_left_alone() {
    let dir = mem();
    open(&dir).0.append(&data(0), b"x").unwrap();
    for name in ["lock", "1.journal", "00000001.journal~"] {
        dir.make_node(
            Name::new(name).unwrap(),
            cachefs_vfs::NodeKind::Regular,
            cachefs_vfs::Mode::new(0o600),
            &cachefs_vfs::Owner::process(),
        )
        .unwrap();
    }
    assert_eq!(open(&dir).1.records.len(), 1);
    open(&dir).0.abandon().unwrap();
    assert_eq!(names(&dir), ["00000001.journal~", "1.journal", "lock"]);
}

#[test]
fn segments_missing_at_the_front_were_given_back_or_lost_with_the_power() {
    for (committed, lost) in [(false, true), (true, false)] {
        let dir = mem();
        let (journal, _) = open(&dir);
        let records: Vec<_> =
            (0..12).map(|offset| journal.append(&data(offset), &[1; 1500]).unwrap()).collect();
        if committed {
            journal.commit(journal.last()).unwrap();
            journal.append(&data(12), b"says so").unwrap();
        }
        dir.remove(Name::new("00000001.journal").unwrap(), cachefs_vfs::RemoveKind::File).unwrap();
        let last = records.iter().filter(|record| record.segment() == SegmentNo(1)).map(Record::seq).max();
        let told = |boot| Journal::inspect(&dir, boot).unwrap().damage;
        assert_eq!(told(setup().boot), [], "in the same run nothing is lost");
        let gap = Damage { first: Seq(1), last: last.unwrap(), bytes: None, certain: false };
        assert_eq!(told(BootId([99; 16])), if lost { vec![gap] } else { Vec::new() });
    }
}
