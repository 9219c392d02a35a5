//! The judge itself: it finds what was tampered with.

use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::worker::Worker;

/// Something that must not happen to a file.
type Crime = (&'static str, fn(&Path));

const CRIMES: [Crime; 8] = [
    ("a byte is another", |path| write(path, 0, b"\x7f")),
    ("the file is longer", |path| write(path, len(path), b"\0")),
    ("the file is shorter", |path| open(path).set_len(len(path) - 1).unwrap()),
    ("the file is gone", |path| fs::remove_file(path).unwrap()),
    ("there is another beside it", |path| fs::write(path.with_extension("cachefs-conflict-1"), "").unwrap()),
    ("it has a second name", |path| fs::hard_link(path, path.with_extension("other")).unwrap()),
    ("a copy took its place", |path| {
        let copy = path.with_extension("copy");
        fs::copy(path, &copy).unwrap();
        fs::hard_link(&copy, path.with_extension("more")).unwrap();
        fs::rename(copy, path).unwrap();
    }),
    ("old bytes came back", |path| {
        let before = fs::read(path).unwrap();
        let half = before.len() / 2;
        write(path, 0, &vec![0; half + 1]);
    }),
];

fn open(path: &Path) -> fs::File {
    fs::File::options().write(true).open(path).unwrap()
}

fn write(path: &Path, at: u64, bytes: &[u8]) {
    open(path).write_all_at(bytes, at).unwrap();
}

fn len(path: &Path) -> u64 {
    path.metadata().unwrap().len()
}

#[test]
fn what_was_tampered_with_is_found() {
    for (number, (what, crime)) in (0..).zip(CRIMES) {
        let directory = tempfile::tempdir().unwrap();
        let mut worker = Worker::new(number, 1, 12, directory.path());
        worker.do_steps(directory.path(), 400);
        worker.judge(directory.path()).unwrap_or_else(|wrong| panic!("before {what}: {wrong}"));
        crime(&worker.some_file(directory.path()));
        assert!(worker.judge(directory.path()).is_err(), "not found: {what}");
    }
}

#[test]
fn a_time_that_was_set_and_lost_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let mut worker = Worker::new(5, 1, 12, directory.path());
    worker.do_steps(directory.path(), 400);
    let path = worker.look_at(directory.path());
    worker.judge(directory.path()).unwrap();
    open(&path).set_modified(SystemTime::now() + Duration::from_secs(5)).unwrap();
    assert!(worker.judge(directory.path()).unwrap_err().contains("changed at"));
}
