use std::collections::HashMap;

use super::*;

/// Some segments with records of all sorts; what was written, by its place.
fn written(dir: &Arc<dyn VDir>, rng: &mut SplitMix64) -> HashMap<Seq, (Entry, Vec<u8>)> {
    let mut all = HashMap::new();
    for _ in 0..=rng.below(2) {
        let (journal, _) = open(dir);
        for _ in 0..5 + rng.below(25) {
            let (entry, length) = if rng.chance(300_000) {
                (Entry::Gone { no: FileNo(rng.next_u64()) }, 0)
            } else {
                (data(rng.next_u64()), usize::try_from(rng.below(3000)).unwrap())
            };
            let payload = bytes(rng.next_u64(), length);
            let record = journal.append(&entry, &payload).unwrap();
            all.insert(record.seq(), (entry, payload));
        }
        if rng.chance(500_000) {
            journal.commit(journal.last()).unwrap();
        }
    }
    all
}

/// Cuts, flips, zeroes, overwrites, copies or removes something. Answers which bytes of which file.
fn harm(dir: &Arc<dyn VDir>, rng: &mut SplitMix64) -> (String, std::ops::Range<usize>) {
    let names = names(dir);
    let name = names[usize::try_from(rng.below(names.len() as u64)).unwrap()].clone();
    let mut content = contents(dir, &name);
    let at = usize::try_from(rng.below(content.len() as u64)).unwrap();
    let length = usize::try_from(rng.below(1000) + 1).unwrap().min(content.len() - at);
    let range = match rng.below(5) {
        0 => {
            content.truncate(at);
            at..usize::MAX
        }
        1 => {
            content[at] ^= 1 << rng.below(8);
            at..at + 1
        }
        2 => {
            content[at..at + length].fill(0);
            at..at + length
        }
        3 => {
            rng.fill(&mut content[at..at + length]);
            at..at + length
        }
        _ => {
            let from = usize::try_from(rng.below((content.len() - length) as u64 + 1)).unwrap();
            content.copy_within(from..from + length, at);
            at..at + length
        }
    };
    put(dir, &name, &content);
    (name, range)
}

#[test]
fn whatever_is_on_the_disk_nothing_is_given_that_was_not_written_and_nothing_intact_is_lost() {
    for seed in 0..1500 {
        let rng = &mut SplitMix64::new(seed);
        let dir = mem();
        let all = written(&dir, rng);
        let before = Journal::inspect(&dir, setup().boot).unwrap();
        assert_eq!(before.records.len(), all.len());
        let harmed: Vec<_> = (0..=rng.below(2)).map(|_| harm(&dir, rng)).collect();
        let intact: Vec<Seq> = before
            .records
            .iter()
            .filter(|(record, entry)| {
                let name = format!("{:08}.journal", record.segment().0);
                let (from, to) =
                    (start(record, entry), usize::try_from(record.payload + record.payload_len()).unwrap());
                !harmed.iter().any(|(file, range)| *file == name && range.start < to && from < range.end)
            })
            .map(|(record, _)| record.seq())
            .collect();
        drop(before);
        let (journal, scan) = open(&dir);
        for (record, entry) in &scan.records {
            assert_eq!(all.get(&record.seq()), Some(&(entry.clone(), payload(record))), "seed {seed}");
        }
        let found: Vec<_> = scan.records.iter().map(|(record, _)| record.seq()).collect();
        assert!(found.is_sorted_by(|a, b| a < b), "seed {seed}");
        let lost: Vec<_> = intact.iter().filter(|seq| !found.contains(seq)).collect();
        assert!(lost.is_empty(), "seed {seed}: {lost:?} of {harmed:?}");
        let holes = (1..found.last().map_or(0, |seq| seq.0)).filter(|&seq| !found.contains(&Seq(seq)));
        for hole in holes.map(Seq).filter(|&hole| found.first().is_some_and(|&first| hole > first)) {
            let told = scan.damage.iter().any(|damage| damage.first <= hole && hole <= damage.last);
            assert!(told, "seed {seed}: {hole:?} is missing without a word");
        }
        goes_on(&dir, &journal, &found, seed);
    }
}

/// What is appended after that is found with what was found before.
fn goes_on(dir: &Arc<dyn VDir>, journal: &Journal, found: &[Seq], seed: u64) {
    let record = journal.append(&data(1), b"later").unwrap();
    assert!(found.iter().all(|&seq| seq < record.seq()), "seed {seed}");
    let (_, scan) = open(dir);
    let again: Vec<_> = scan.records.iter().map(|(record, _)| record.seq()).collect();
    assert_eq!(again[..again.len() - 1], *found, "seed {seed}");
    assert_eq!(again.last(), Some(&record.seq()), "seed {seed}");
}

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
    assert_eq!(Journal::discard(&*dir), Ok(1));
    assert_eq!(names(&dir), ["00000001.journal~", "1.journal", "lock"]);
}
