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
