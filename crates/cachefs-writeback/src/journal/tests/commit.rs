use std::thread;

use cachefs_testkit::{CallKind, CountFs, FaultFs, Rule};
use cachefs_vfs::Errno;

use super::*;

#[test]
fn many_threads_commit_with_few_syncs() {
    const THREADS: u64 = 16;
    const EACH: u64 = 100;
    let fs = Arc::new(CountFs::new(Arc::new(MemFs::new())));
    let dir = fs.root().unwrap();
    let (journal, _) = open(&dir);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let journal = &journal;
            scope.spawn(move || {
                for round in 0..EACH {
                    let seed = thread * EACH + round;
                    let record = journal.append(&data(seed), &bytes(seed, 300)).unwrap();
                    journal.commit(record.seq()).unwrap();
                    assert!(journal.committed() >= record.seq());
                }
            });
        }
    });
    assert_eq!(journal.committed(), Seq(THREADS * EACH));
    let (_, scan) = open(&dir);
    let offsets = scan.records.iter().map(|(record, entry)| match entry {
        &Entry::Data { offset, .. } => {
            assert_eq!(payload(record), bytes(offset, 300));
            offset
        }
        other => panic!("{other:?}"),
    });
    let mut offsets: Vec<_> = offsets.collect();
    offsets.sort_unstable();
    assert!(offsets.into_iter().eq(0..THREADS * EACH));
}

/// A journal whose syncs can be made to wait.
fn faulty() -> (Arc<FaultFs>, Arc<dyn VDir>) {
    let fs = Arc::new(FaultFs::new(Arc::new(MemFs::new())));
    let dir = fs.root().unwrap();
    (fs, dir)
}

#[test]
fn one_sync_does_for_all_who_came_while_another_ran() {
    let (fs, dir) = faulty();
    let (journal, _) = open(&dir);
    journal.append(&data(0), b"x").unwrap();
    journal.commit(Seq(1)).unwrap();
    let hang = fs.add(Rule::on(CallKind::SyncFile).nth(1).hang());
    let counted = fs.add(Rule::on(CallKind::SyncFile).nth(u64::MAX));
    thread::scope(|scope| {
        journal.append(&data(1), b"x").unwrap();
        scope.spawn(|| journal.commit(Seq(2)).unwrap());
        assert!(hang.wait_waiting(1, std::time::Duration::from_secs(20)));
        for offset in 2..18 {
            journal.append(&data(offset), b"x").unwrap();
        }
        for upto in 3..19 {
            let journal = &journal;
            scope.spawn(move || journal.commit(Seq(upto)).unwrap());
        }
        assert_eq!(journal.committed(), Seq(1), "what a sync in the air promises is no promise yet");
        hang.release();
    });
    assert_eq!(journal.committed(), Seq(18));
    assert_eq!(counted.seen(), 2);
}

#[test]
fn a_commit_syncs_every_segment_and_its_name() {
    let fs = Arc::new(CountFs::new(Arc::new(MemFs::new())));
    let dir = fs.root().unwrap();
    let (journal, _) = open(&dir);
    for offset in 0..20 {
        journal.append(&data(offset), &[1; 2000]).unwrap();
    }
    let segments = journal.usage().segments as u64;
    assert!(segments > 4);
    journal.commit(journal.last()).unwrap();
    let counts = fs.snapshot();
    assert_eq!((counts.of(CallKind::SyncFile), counts.of(CallKind::SyncDir)), (segments, segments));
    journal.append(&data(0), b"x").unwrap();
    journal.commit(journal.last()).unwrap();
    journal.commit(journal.last()).unwrap();
    let counts = fs.snapshot();
    assert_eq!((counts.of(CallKind::SyncFile), counts.of(CallKind::SyncDir)), (segments + 1, segments));
}

#[test]
fn segments_are_begun_while_a_commit_runs() {
    let (fs, dir) = faulty();
    let (journal, _) = open(&dir);
    journal.append(&data(0), b"x").unwrap();
    let hang = fs.add(Rule::on(CallKind::SyncFile).nth(1).hang());
    thread::scope(|scope| {
        scope.spawn(|| journal.commit(Seq(1)).unwrap());
        assert!(hang.wait_waiting(1, std::time::Duration::from_secs(20)));
        while journal.usage().segments < 4 {
            journal.append(&data(1), &[7; 3000]).unwrap();
        }
        hang.release();
    });
    assert_eq!(journal.committed(), Seq(1));
    let synced = fs.add(Rule::on(CallKind::SyncFile).nth(u64::MAX));
    journal.commit(journal.last()).unwrap();
    assert_eq!(synced.seen(), 4, "the first one again: it took more after its sync began");
    assert_eq!(journal.committed(), journal.last());
}

#[test]
fn what_an_earlier_start_left_is_made_durable_by_the_first_commit() {
    let fs = Arc::new(CountFs::new(Arc::new(MemFs::new())));
    let dir = fs.root().unwrap();
    open(&dir).0.append(&data(0), b"x").unwrap();
    let (journal, scan) = open(&dir);
    assert_eq!((journal.last(), journal.committed()), (Seq(1), Seq(0)));
    journal.commit(Seq(1)).unwrap();
    assert_eq!(fs.snapshot().of(CallKind::SyncFile), 1);
    assert_eq!(journal.committed(), Seq(1));
    drop(scan);
}

#[test]
fn a_failed_sync_breaks_the_journal_for_ever() {
    for kind in [CallKind::SyncFile, CallKind::SyncDir] {
        let (fs, dir) = faulty();
        let (journal, _) = open(&dir);
        let first = journal.append(&data(0), b"x").unwrap();
        fs.add(Rule::on(kind).nth(1).fail(Errno::IO));
        let failed = thread::scope(|scope| {
            let commits: Vec<_> = (0..8).map(|_| scope.spawn(|| journal.commit(Seq(1)).is_err())).collect();
            commits.into_iter().all(|commit| commit.join().unwrap())
        });
        assert!(failed, "the second fsync of a file answers well, and yet the bytes may be gone");
        assert_eq!(journal.broken().unwrap().errno(), Errno::IO);
        assert!(matches!(journal.append(&data(1), b"y"), Err(JournalError::Broken(_))));
        assert!(matches!(journal.commit(Seq(1)), Err(JournalError::Broken(_))));
        assert_eq!(journal.committed(), Seq(0));
        assert_eq!(payload(&first), b"x");
    }
}
