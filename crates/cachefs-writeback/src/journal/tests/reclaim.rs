use cachefs_testkit::{CallKind, FaultFs, Rule};
use cachefs_vfs::Errno;

use super::*;

/// A journal of many segments; the records of each.
fn filled(dir: &Arc<dyn VDir>) -> (Journal, Vec<Record>) {
    let (journal, _) = open(dir);
    let records = (0..20).map(|offset| journal.append(&data(offset), &[1; 3000]).unwrap());
    let records = records.collect();
    (journal, records)
}

#[test]
fn segments_go_in_order_once_nothing_of_them_is_held() {
    each(|dir| {
        let (journal, mut records) = filled(&dir);
        let (before, segments) = (journal.usage(), names(&dir));
        assert_eq!(journal.oldest_held(), Some(SegmentNo(1)));
        let first = records.remove(0);
        drop(records);
        assert_eq!(journal.reclaim(), Ok(0), "the first one is held, and all later ones stay with it");
        assert_eq!(names(&dir), segments);
        let clone = first.clone();
        drop(first);
        assert_eq!(journal.reclaim(), Ok(0));
        drop(clone);
        assert_eq!(journal.oldest_held(), None);
        let freed = journal.reclaim().unwrap();
        assert_eq!(journal.usage().bytes, before.bytes - freed);
        assert_eq!(journal.usage().segments, 1, "the newest stays");
        assert_eq!(journal.committed(), journal.last(), "what outdates them is durable first");
    });
}

#[test]
fn a_record_in_the_middle_keeps_its_segment_and_those_after_it() {
    let dir = mem();
    let (journal, records) = filled(&dir);
    let held = records[10].clone();
    drop(records);
    assert!(journal.reclaim().unwrap() > 0);
    assert_eq!(journal.oldest_held(), Some(held.segment()));
    assert_eq!(names(&dir)[0], format!("{:08}.journal", held.segment().0));
    assert_eq!(payload(&held), [1; 3000]);
    drop((journal, held));
    let (_, scan) = open(&dir);
    assert!(scan.damage.is_empty(), "a journal may begin anywhere: {:?}", scan.damage);
    assert!(scan.records.iter().any(|(record, _)| record.seq() == Seq(11)));
}

#[test]
fn an_abandoned_journal_leaves_nothing_and_takes_nothing_but_is_read() {
    let dir = mem();
    let (journal, records) = filled(&dir);
    journal.abandon().unwrap();
    assert!(names(&dir).is_empty());
    assert_eq!(payload(&records[0]), [1; 3000]);
    assert!(matches!(journal.append(&data(0), b"x"), Err(JournalError::Broken(_))));
    let (_, scan) = open(&dir);
    assert!(scan.records.is_empty() && scan.damage.is_empty());
}

#[test]
fn a_segment_that_cannot_be_removed_is_tried_again_before_any_later_one() {
    let fs = FaultFs::new(Arc::new(MemFs::new()));
    let dir = fs.root().unwrap();
    let (journal, records) = filled(&dir);
    drop(records);
    let segments = names(&dir);
    for kind in [CallKind::Remove, CallKind::SyncDir] {
        journal.commit(journal.last()).unwrap();
        let rule = fs.add(Rule::on(kind).nth(1).fail(Errno::IO));
        assert!(matches!(journal.reclaim(), Err(JournalError::Io(_))));
        assert_eq!(names(&dir)[1..], segments[segments.len() - names(&dir).len() + 1..]);
        rule.release();
    }
    assert_eq!(journal.broken(), None);
    journal.reclaim().unwrap();
    assert_eq!(journal.usage().segments, 1);
}
