use cachefs_vfs::{Attr, FileKind, Mode, Time, Version};

use super::{History, at, data, entry_file, id, version};
use crate::journal::{Entry, FileNo, Seq};
use crate::recovery::verdict::{Verdict, is_same, judge};

const NO: FileNo = FileNo(1);

fn attr(version: Version) -> Attr {
    Attr {
        id: id(1),
        kind: FileKind::Regular,
        mode: Mode::new(0o644),
        links: 1,
        uid: 0,
        gid: 0,
        device: 0,
        size: version.size,
        blocks: 0,
        block_size: 4096,
        atime: Time::default(),
        mtime: version.mtime,
        ctime: version.ctime,
        btime: None,
        tag: version.tag,
    }
}

fn begun() -> History {
    let mut history = History::default();
    history.push(0, entry_file(1, "f", version(100, 10)));
    history.push(50, data(1, 80, 11));
    history
}

fn verdict(history: &History, found: Version, same_boot: bool) -> Verdict {
    judge(&history.file(), Some(&attr(found)), same_boot)
}

#[test]
fn what_we_left_is_ours_and_what_is_newer_is_not() {
    let history = begun();
    assert_eq!(verdict(&history, version(100, 10), true), Verdict::Ours);
    assert_eq!(verdict(&history, version(50, 9), true), Verdict::Ours, "older than what we know of");
    assert_eq!(verdict(&history, version(100, 20), true), Verdict::Conflict);
    assert_eq!(verdict(&history, version(100, 20), false), Verdict::Conflict);
}

#[test]
fn a_flush_under_way_explains_only_what_it_can_have_done() {
    let mut history = begun();
    history.push(0, Entry::FlushBegin { no: NO, upto: Seq(2), own: version(100, 10) });
    for (size, expected) in
        [(100, Verdict::Ours), (130, Verdict::Ours), (131, Verdict::Conflict), (99, Verdict::Conflict)]
    {
        assert_eq!(verdict(&history, version(size, 20), true), expected, "{size}");
        assert_eq!(verdict(&history, version(size, 20), false), Verdict::Ours, "power lost: {size}");
    }
    history.push(0, Entry::FlushEnd { no: NO, upto: Seq(0), own: version(130, 15) });
    assert_eq!(verdict(&history, version(130, 20), true), Verdict::Conflict);
}

#[test]
fn a_truncation_under_way_may_have_happened() {
    let mut history = begun();
    history.push(0, Entry::Truncate { no: NO, length: 7, mtime: at(12) });
    assert_eq!(verdict(&history, version(7, 20), true), Verdict::Ours);
    assert_eq!(verdict(&history, version(100, 10), true), Verdict::Ours);
    assert_eq!(verdict(&history, version(3, 20), true), Verdict::Conflict);
}

#[test]
fn a_loss_of_power_may_move_the_ctime_alone() {
    let history = begun();
    let moved = Version { ctime: at(30), ..version(100, 10) };
    assert_eq!(verdict(&history, moved, false), Verdict::Ours);
    assert_eq!(verdict(&history, moved, true), Verdict::Conflict);
}

#[test]
fn a_loss_of_power_may_mix_versions_of_ours() {
    let mut history = begun();
    history.push(0, Entry::Window { no: NO });
    history.push(0, Entry::Own { no: NO, own: version(40, 20) });
    let mixed = Version { size: 100, mtime: at(20), ctime: at(30), tag: 0 };
    assert_eq!(verdict(&history, mixed, false), Verdict::Ours);
    assert_eq!(verdict(&history, mixed, true), Verdict::Conflict);
    assert_eq!(verdict(&history, Version { mtime: at(25), ..mixed }, false), Verdict::Conflict);
    assert_eq!(
        verdict(&history, Version { size: 99, ..mixed }, false),
        Verdict::Ours,
        "a length from before"
    );
}

#[test]
fn what_is_nowhere_was_removed_by_whom_the_journal_says() {
    let mut history = begun();
    assert_eq!(judge(&history.file(), None, true), Verdict::Removed);
    assert_eq!(judge(&history.file(), None, false), Verdict::Vanished);
    let nameless = Attr { links: 0, ..attr(version(100, 10)) };
    assert_eq!(judge(&history.file(), Some(&nameless), true), Verdict::Removed);
    history.push(0, Entry::Gone { no: NO });
    assert_eq!(judge(&history.file(), None, true), Verdict::Dropped);
    assert_eq!(judge(&history.file(), None, false), Verdict::Dropped);
    assert_eq!(judge(&history.file(), Some(&nameless), true), Verdict::Dropped);
    assert_eq!(verdict(&history, version(100, 10), true), Verdict::Ours, "it was not removed after all");
    assert_eq!(verdict(&history, version(100, 20), true), Verdict::Dropped, "its number is another file's");
}

#[test]
fn bytes_of_nobody_are_kept() {
    let mut history = History::default();
    history.push(4, data(1, 0, 1));
    assert_eq!(judge(&history.file(), None, true), Verdict::Removed);
    assert_eq!(judge(&history.file(), None, false), Verdict::Removed);
}

#[test]
fn bytes_of_nobody_that_may_never_have_been_durable_are_let_go() {
    let mut fold = History::default().fold();
    fold.gap();
    fold.take(Seq(5), &5, 4, &data(1, 0, 1));
    let file = fold.finish().remove(0);
    assert_eq!(judge(&file, None, false), Verdict::Vanished);
}

/// Behind a hole, bytes from before it are believed only while the backing has not moved.
#[test]
fn a_hole_makes_older_bytes_doubtful() {
    let mut history = begun();
    history.push(0, Entry::FlushBegin { no: NO, upto: Seq(2), own: version(100, 10) });
    let mut fold = history.fold();
    assert_eq!(fold.hole(Seq(3)), [NO]);
    let file = fold.finish().remove(0);
    assert_eq!(judge(&file, Some(&attr(version(100, 10))), true), Verdict::Ours);
    assert_eq!(
        judge(&file, Some(&attr(version(130, 20))), true),
        Verdict::Conflict,
        "no trust in the window"
    );

    let mut fold = history.fold();
    fold.hole(Seq(3));
    fold.take(Seq(9), &9, 0, &Entry::Own { no: NO, own: version(0, 30) });
    fold.take(Seq(10), &10, 5, &data(1, 0, 31));
    let file = fold.finish().remove(0);
    assert_eq!(judge(&file, Some(&attr(version(0, 30))), true), Verdict::Conflict, "what cut it is missing");

    let mut fold = history.fold();
    fold.hole(Seq(3));
    fold.take(Seq(9), &9, 0, &Entry::FlushEnd { no: NO, upto: Seq(8), own: version(130, 30) });
    fold.take(Seq(10), &10, 5, &data(1, 0, 31));
    let file = fold.finish().remove(0);
    assert!(!file.is_doubtful(), "nothing is left from before the hole");
    assert_eq!(judge(&file, Some(&attr(version(130, 30))), true), Verdict::Ours);
}

#[test]
fn a_file_is_the_same_by_number_and_generation() {
    let wanted = id(5);
    assert!(is_same(wanted, id(5), true));
    assert!(!is_same(wanted, id(6), true));
    assert!(!is_same(wanted, cachefs_vfs::FileId { generation: 2, ..wanted }, true), "used again");
    assert!(is_same(wanted, cachefs_vfs::FileId { generation: 0, ..wanted }, true));
    let renumbered = cachefs_vfs::FileId { device: 9, ..wanted };
    assert!(!is_same(wanted, renumbered, true));
    assert!(is_same(wanted, renumbered, false), "a device has another number after a boot");
}
