use cachefs_testkit::{CallKind, Fault, FaultFs, Rule};
use cachefs_vfs::Errno;

use super::*;

fn faulty(inner: Arc<dyn Vfs>) -> (FaultFs, Arc<dyn VDir>) {
    let fs = FaultFs::new(inner);
    let dir = fs.root().unwrap();
    (fs, dir)
}

/// A filesystem of memory and one of the disk.
fn each_faulty(test: impl Fn(FaultFs, Arc<dyn VDir>)) {
    let (fs, dir) = faulty(Arc::new(MemFs::new()));
    test(fs, dir);
    let temp = tempfile::tempdir().unwrap();
    let (fs, dir) = faulty(Arc::new(LocalFs::open(temp.path()).unwrap()));
    test(fs, dir);
}

#[test]
fn short_writes_are_continued() {
    each_faulty(|fs, dir| {
        fs.add(Rule::on(CallKind::Write).chance(700_000, 1).then(Fault::Short(77)));
        let (journal, _) = open(&dir);
        for seed in 0..30 {
            journal.append(&data(seed), &bytes(seed, 1000 * usize::try_from(seed).unwrap())).unwrap();
        }
        let (_, scan) = open(&dir);
        assert_eq!(scan.records.len(), 30);
        for (record, entry) in &scan.records {
            let &Entry::Data { offset, .. } = entry else { panic!("{entry:?}") };
            assert_eq!(payload(record), bytes(offset, 1000 * usize::try_from(offset).unwrap()));
        }
    });
}

#[test]
fn a_failed_write_breaks_the_journal_and_leaves_what_was_there() {
    each_faulty(|fs, dir| {
        let (journal, _) = open(&dir);
        let first = journal.append(&data(0), b"first").unwrap();
        fs.add(Rule::on(CallKind::Write).nth(1).fail(Errno::IO));
        assert!(matches!(journal.append(&data(1), b"lost"), Err(JournalError::Broken(_))));
        assert!(matches!(journal.append(&data(1), b"lost"), Err(JournalError::Broken(_))));
        assert!(matches!(journal.append(&Entry::Done { no: NO }, &[]), Err(JournalError::Broken(_))));
        assert!(matches!(journal.commit(Seq(1)), Err(JournalError::Broken(_))));
        assert_eq!(journal.last(), Seq(1));
        assert_eq!(payload(&first), b"first");
        let (journal, scan) = open(&dir);
        assert_eq!(scan.records.len(), 1);
        assert!(scan.damage.is_empty() && journal.broken().is_none());
    });
}

/// Each `every`-th write fails with `errno`, often in the middle of a record; what was refused must not be there
/// afterwards, and nothing else may be missing.
fn without_room(errno: Errno, every: u64, partly: Fault) {
    each_faulty(|fs, dir| {
        fs.add(Rule::on(CallKind::Allocate).fail(Errno::OPNOTSUPP));
        let (journal, _) = open(&dir);
        journal.append(&data(1_000_000), &[]).unwrap();
        let full = fs.add(Rule::on(CallKind::Write).every(every).fail(errno));
        let short = fs.add(Rule::on(CallKind::Write).every(2).then(partly));
        let mut written = vec![1_000_000];
        for seed in 0..200 {
            let length = [10, 900, 5000, 70_000][usize::try_from(seed % 4).unwrap()];
            match journal.append(&data(seed), &bytes(seed, length)) {
                Ok(_) => written.push(seed),
                Err(JournalError::Full { .. }) => {}
                Err(JournalError::Broken(_)) => break,
                Err(other) => panic!("{other:?}"),
            }
        }
        full.release();
        short.release();
        let (_, scan) = open(&dir);
        assert!(scan.damage.is_empty() && scan.torn.is_empty(), "{:?} {:?}", scan.damage, scan.torn);
        let found = scan.records.iter().map(|(_, entry)| match entry {
            &Entry::Data { offset, .. } => offset,
            other => panic!("{other:?}"),
        });
        assert_eq!(found.collect::<Vec<_>>(), written);
        assert!(written.len() > 20);
    });
}

#[test]
fn a_lack_of_room_in_the_middle_of_a_record_leaves_nothing_of_it() {
    for every in [5, 7, 9] {
        without_room(Errno::NOSPC, every, Fault::Short(30));
        without_room(Errno::DQUOT, every, Fault::Short(600));
    }
}

#[test]
fn a_write_that_was_done_and_yet_refused_is_undone() {
    for errno in [Errno::NOSPC, Errno::IO] {
        each_faulty(|fs, dir| {
            let (journal, _) = open(&dir);
            journal.append(&data(0), b"first").unwrap();
            fs.add(Rule::on(CallKind::Write).nth(1).then(Fault::FailAfter(errno)));
            assert!(journal.append(&data(1), b"refused").is_err());
            assert_eq!(open(&dir).1.records.len(), 1);
        });
    }
}

#[test]
fn a_segment_that_cannot_be_begun_for_lack_of_room_is_begun_later() {
    let kinds = [CallKind::Create, CallKind::Allocate, CallKind::Write];
    for (kind, errno) in kinds.into_iter().flat_map(|kind| [(kind, Errno::NOSPC), (kind, Errno::DQUOT)]) {
        each_faulty(|fs, dir| {
            let (journal, _) = open(&dir);
            let rule = fs.add(Rule::on(kind).times(3).fail(errno));
            for _ in 0..3 {
                assert!(matches!(journal.append(&data(0), b"x"), Err(JournalError::Full { .. })));
            }
            rule.release();
            assert_eq!(journal.append(&data(0), b"x").unwrap().seq(), Seq(1));
            let (_, scan) = open(&dir);
            assert_eq!((scan.records.len(), scan.damage.len()), (1, 0));
        });
    }
}

#[test]
fn what_cannot_be_read_is_no_damage() {
    let (fs, dir) = faulty(Arc::new(MemFs::new()));
    open(&dir).0.append(&data(0), b"x").unwrap();
    for kind in [CallKind::ReadDir, CallKind::Open, CallKind::Read] {
        let rule = fs.add(Rule::on(kind).fail(Errno::IO));
        assert!(matches!(Journal::open(Arc::clone(&dir), setup()), Err(JournalError::Io(_))), "{kind:?}");
        rule.release();
    }
    assert_eq!(open(&dir).1.records.len(), 1);
}
