use std::path::{Path, PathBuf};

use super::{History, at, data, entry_file, ranges, version};
use crate::journal::{Entry, FileNo, Seq};

const NO: FileNo = FileNo(1);

fn begun() -> History {
    let mut history = History::default();
    history.push(0, entry_file(1, "a/f", version(100, 1)));
    history.push(10, data(1, 0, 2));
    history.push(10, data(1, 50, 3));
    history
}

#[test]
fn writes_are_dirty_until_their_flush_ends() {
    let mut history = begun();
    assert_eq!(ranges(&history.file()), [(0, 10, 2), (50, 10, 3)]);
    history.push(0, Entry::FlushBegin { no: NO, upto: Seq(3), own: version(100, 1) });
    history.push(5, data(1, 55, 4));
    assert_eq!(history.file().extents.bytes(), 20, "the end of the flush is not recorded");
    assert!(history.file().windows.is_open());
    history.push(0, Entry::FlushEnd { no: NO, upto: Seq(3), own: version(100, 5) });
    assert_eq!(ranges(&history.file()), [(55, 5, 5)]);
    assert!(!history.file().windows.is_open());
    assert_eq!(history.file().own, Some(version(100, 5)));
    history.push(0, Entry::Done { no: NO });
    assert!(history.files().is_empty());
}

#[test]
fn a_truncation_takes_what_was_written_and_gives_it_back_if_it_did_not_happen() {
    let mut history = begun();
    history.push(0, Entry::Truncate { no: NO, length: 5, mtime: at(7) });
    history.push(2, data(1, 20, 8));
    let file = history.file();
    assert_eq!(ranges(&file), [(0, 5, 2), (20, 2, 5)]);
    assert_eq!(file.cut.as_ref().map(|cut| cut.length), Some(5));

    let mut happened = History(history.0.clone());
    happened.push(0, Entry::Own { no: NO, own: version(5, 7) });
    assert!(happened.file().cut.is_none() && !happened.file().windows.is_open());
    assert_eq!(ranges(&happened.file()), [(0, 5, 2), (20, 2, 5)]);

    history.push(0, Entry::Stays { no: NO });
    let file = history.file();
    assert_eq!(ranges(&file), [(0, 10, 2), (20, 2, 5), (50, 10, 3)]);
    assert!(file.cut.is_none() && !file.windows.is_open());
    assert_eq!(file.mtime, Some(at(8)));
}

#[test]
fn a_truncation_of_a_file_without_dirty_bytes_is_left_to_be_done() {
    let mut history = History::default();
    history.push(0, entry_file(1, "f", version(100, 1)));
    assert!(history.files().is_empty());
    history.push(0, Entry::Truncate { no: NO, length: 0, mtime: at(2) });
    assert!(history.file().extents.is_empty() && history.file().cut.is_some());
    assert_eq!(history.file().mtime, Some(at(2)));
}

#[test]
fn verbs_are_windows_that_each_close_by_themselves() {
    let mut history = begun();
    history.push(0, Entry::FlushBegin { no: NO, upto: Seq(3), own: version(100, 1) });
    history.push(0, Entry::Window { no: NO });
    history.push(0, Entry::Window { no: NO });
    history.push(0, Entry::Own { no: NO, own: version(100, 4) });
    assert_eq!((history.file().windows.flush, history.file().windows.verbs), (true, 1));
    history.push(0, Entry::FlushEnd { no: NO, upto: Seq(0), own: version(100, 5) });
    assert!(history.file().windows.is_open());
    history.push(0, Entry::Own { no: NO, own: version(100, 6) });
    let file = history.file();
    assert!(!file.windows.is_open());
    assert_eq!(file.newest_ctime, Some(at(6)));
    assert_eq!(file.extents.bytes(), 20, "a flush that took nothing lets go of nothing");
}

#[test]
fn a_removal_may_be_taken_back() {
    let mut history = begun();
    history.push(0, Entry::Gone { no: NO });
    assert!(history.file().gone);
    history.push(0, Entry::Stays { no: NO });
    assert!(!history.file().gone);
}

#[test]
fn a_new_number_of_a_file_ends_the_old_one() {
    let mut history = begun();
    let id = super::id(1);
    history.push(0, Entry::File { no: FileNo(2), id, path: "a/f".into(), own: version(100, 9) });
    history.push(3, data(2, 1, 10));
    assert_eq!(history.file().no, FileNo(2));
    assert_eq!(ranges(&history.file()), [(1, 3, 5)], "what went before is in the backing");
}

#[test]
fn what_lies_beside_is_let_go_with_its_truncation() {
    let mut history = begun();
    history.push(0, Entry::Truncate { no: NO, length: 55, mtime: at(7) });
    let upto = history.push(1, data(1, 9, 8));
    history.push(1, data(1, 80, 9));
    history.push(0, Entry::Conflict { no: NO, path: PathBuf::from("a/f.x"), upto });
    let file = history.file();
    assert_eq!(ranges(&file), [(80, 1, 6)]);
    assert!(file.cut.is_none() && !file.windows.is_open());
}

#[test]
fn names_follow_renames_of_the_file_and_of_what_is_above_it() {
    let mut history = begun();
    history.push(0, Entry::Rename { no: None, from: "a".into(), to: "b/c".into() });
    history.push(0, Entry::Rename { no: Some(NO), from: "b/c/f".into(), to: "g".into() });
    history.push(0, Entry::Rename { no: Some(FileNo(2)), from: "g".into(), to: "not-this".into() });
    let file = history.file();
    assert_eq!(file.paths.iter().collect::<Vec<_>>(), ["g", "b/c/f", "a/f"].map(Path::new));
}

#[test]
fn bytes_may_come_before_what_says_whose_they_are() {
    let mut history = History::default();
    history.push(4, data(9, 0, 1));
    assert_eq!(history.file().id, None);
    assert_eq!(history.fold().number_max(), FileNo(9));
    history.push(0, entry_file(9, "f", version(0, 1)));
    assert_eq!(history.file().paths.newest(), Some(Path::new("f")));
    assert_eq!(ranges(&history.file()), [(0, 4, 1)]);
}

#[test]
fn a_time_that_was_set_is_bytes_without_bytes() {
    let mut history = begun();
    history.push(0, data(1, 0, -5));
    assert_eq!(history.file().mtime, Some(at(-5)));
    assert_eq!(history.file().extents.bytes(), 20);
}

#[test]
fn lost_bytes_are_told_until_something_makes_up_for_them() {
    let lost = |history: &History, until: usize| {
        let mut fold = crate::recovery::fold::Fold::new();
        for (n, (seq, len, entry)) in history.0.iter().enumerate() {
            if n == until {
                fold.lost(*seq, NO, 50, 10);
            } else {
                fold.take(*seq, &seq.0, *len, entry);
            }
        }
        let file = fold.finish().remove(0);
        file.lost.iter().map(|lost| (lost.offset, lost.len)).collect::<Vec<_>>()
    };
    let mut history = begun();
    assert_eq!(lost(&history, 2), [(50, 10)]);
    history.push(4, data(1, 52, 9));
    assert_eq!(lost(&history, 2), [(50, 2), (56, 4)]);
    history.push(0, Entry::Truncate { no: NO, length: 51, mtime: at(9) });
    assert_eq!(lost(&history, 2), [(50, 1)]);
    history.push(0, Entry::FlushEnd { no: NO, upto: Seq(3), own: version(51, 9) });
    assert!(lost(&history, 2).is_empty(), "the backing had them before they were lost here");
}
