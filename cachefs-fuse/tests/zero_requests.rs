//! With a watch, what was asked once is not asked again: the second time the daemon hears nothing.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail where it stands, and says what it saw"
)]

mod acceptance;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use acceptance::{Mounted, Requests, free_address, is_root, program, undisturbed};

const DIRECTORIES: usize = 100;
const FILES: usize = 100;

fn tree(root: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for directory in 0..DIRECTORIES {
        let directory = PathBuf::from(format!("d{directory}"));
        fs::create_dir(root.join(&directory)).unwrap();
        for file in 0..FILES {
            let file = directory.join(format!("f{file}"));
            fs::write(root.join(&file), b"x").unwrap();
            files.push(file);
        }
    }
    files
}

fn stat_all(root: &Path, files: &[PathBuf]) {
    for file in files {
        assert_eq!(fs::symlink_metadata(root.join(file)).unwrap().len(), 1, "{}", file.display());
    }
}

fn miss_all(root: &Path, files: &[PathBuf]) {
    for file in files {
        let missing = root.join(file.with_extension("missing"));
        let error = fs::symlink_metadata(&missing).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound, "{}", missing.display());
    }
}

fn find_all(root: &Path) {
    let lines = program("find").arg(root).arg("-printf").arg("%s %m\\n").text();
    assert_eq!(lines.lines().count(), 1 + DIRECTORIES * (FILES + 1));
}

/// Waits for longer than anything is believed that nobody watches.
fn outlive() {
    std::thread::sleep(Duration::from_millis(1200)); // sleep: it is time itself that must change nothing
}

/// Without a watch of the `whole` filesystem, a directory is asked about a second time: at first it was not watched yet.
fn nothing_is_asked_twice(mode: &[&str], whole: bool) -> Result<(), String> {
    let source = tempfile::tempdir().unwrap();
    let files = tree(source.path());
    let address = free_address();
    let mounted = Mounted::over(source.path(), &[mode, &["--metrics", &address.to_string()]].concat());
    let mode = mode.join(" ");
    let root = mounted.path();

    let (stat, miss, find) = (|| stat_all(root, &files), || miss_all(root, &files), || find_all(root));
    for (what, act, strict) in [
        ("stat of 10,000 files", &stat as &dyn Fn(), true),
        ("10,000 missing names", &miss, true),
        // A listing that was not cached moves the directory's access time: the kernel asks once for its attributes.
        ("find -printf '%s %m'", &find, false),
    ] {
        let [first, second, third] = std::array::from_fn(|_| {
            let sent = Requests::sent(address, act);
            outlive();
            if strict { sent } else { sent.without_one_statfs() }
        });
        println!("{mode}: {what}: first pass {first:?}, second {second:?}, third {third:?}");
        assert!(!first.is_empty(), "requests are counted");
        ensure!(third.is_empty(), "{mode}: {what}: a third pass asked: {third:?}");
        let asked = second.total();
        let most = if strict && whole { 0 } else { DIRECTORIES + 1 };
        ensure!(asked <= most as f64, "{mode}: {what}: a second pass asked: {second:?}");
    }

    // What was not asked about was watched all the same.
    fs::write(source.path().join(&files[0]), "xx").unwrap();
    fs::write(source.path().join(files[1].with_extension("missing")), "x").unwrap();
    let seen = acceptance::wait_for(Duration::from_secs(2), || {
        let longer = fs::metadata(root.join(&files[0])).unwrap().len() == 2;
        (longer && root.join(files[1].with_extension("missing")).exists()).then_some(())
    });
    assert!(seen.is_some(), "{mode}: changes were not seen");
    mounted.unmount();
    Ok(())
}

#[test]
fn of_a_watched_filesystem() {
    if acceptance::required(is_root(), "root, to watch a filesystem") {
        undisturbed(|| nothing_is_asked_twice(&["--coherence=watch:filesystem"], true));
    }
}

#[test]
fn of_a_watched_filesystem_in_which_nothing_grows() {
    if acceptance::required(is_root(), "root, to watch a filesystem") {
        let mode = ["--coherence=watch:filesystem", "--assume-no-growth"];
        undisturbed(|| nothing_is_asked_twice(&mode, true));
    }
}

#[test]
fn of_watched_directories() {
    undisturbed(|| nothing_is_asked_twice(&["--coherence=watch:directories"], false));
}

#[test]
fn with_inotify() {
    undisturbed(|| nothing_is_asked_twice(&["--coherence=watch:inotify"], false));
}

#[test]
fn of_a_filesystem_nobody_else_changes() {
    undisturbed(nothing_is_asked_again);
}

fn nothing_is_asked_again() -> Result<(), String> {
    let source = tempfile::tempdir().unwrap();
    let files = tree(source.path());
    let address = free_address();
    let mounted = Mounted::over(source.path(), &["--coherence=single", "--metrics", &address.to_string()]);
    let pass = || {
        Requests::sent(address, || {
            stat_all(mounted.path(), &files);
            miss_all(mounted.path(), &files);
        })
    };
    let first = pass();
    outlive();
    let second = pass();
    println!("single: first pass {first:?}, second {second:?}");
    assert!(!first.is_empty(), "requests are counted");
    ensure!(second.is_empty(), "asked again: {second:?}");
    mounted.unmount();
    Ok(())
}
