//! More changes than the kernel queues: notices are lost, and nothing that was known before is believed.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail where it stands, and says what it saw"
)]

mod acceptance;
mod staleness;

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use acceptance::{Mounted, free_address, is_root, metric_sum, required, wait_for};
use rustix::process::Signal;
use staleness::{differences, settle};

/// Distinct events: more than the 16,384 that the kernel queues unless told otherwise.
const EVENTS: usize = 40_000;
/// Files that are known and changed while notices are lost, in so many directories.
const KNOWN: usize = 200;
const DIRECTORIES: usize = 10;

fn known(root: &Path, number: usize) -> std::path::PathBuf {
    root.join(format!("known-{}", number % DIRECTORIES)).join(format!("file-{number}"))
}

fn make(root: &Path) {
    fs::create_dir(root.join("flood")).unwrap();
    for number in 0..DIRECTORIES {
        fs::create_dir(root.join(format!("known-{number}"))).unwrap();
    }
    for number in 0..KNOWN {
        fs::write(known(root, number), format!("before {number}")).unwrap();
        assert!(!known(root, number).with_extension("new").exists());
    }
}

/// Each known file in one of the ways there are.
fn change(root: &Path) {
    for number in 0..KNOWN {
        let path = known(root, number);
        match number % 5 {
            0 => fs::write(&path, format!("behind {number}")).unwrap(),
            1 => {
                fs::write(path.with_extension("aside"), format!("longer than before {number}")).unwrap();
                fs::rename(path.with_extension("aside"), path).unwrap();
            }
            2 => fs::remove_file(path).unwrap(),
            3 => fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o604)).unwrap(),
            _ => fs::write(path.with_extension("new"), "new").unwrap(),
        }
    }
    fs::rename(root.join("known-0"), root.join("moved-0")).unwrap();
}

/// Names in a directory that is watched: each gives events, and no two of them are one to the kernel.
fn flood(root: &Path) {
    for number in 0..EVENTS / 2 {
        let path = root.join(format!("flood/{number}"));
        File::create(&path).unwrap();
        fs::remove_file(path).unwrap();
    }
}

fn overflows(metrics: SocketAddr) -> f64 {
    metric_sum(metrics, "cachefs_watch_overflows_total", "")
}

fn overflow(mode: &str) {
    let source = tempfile::tempdir().unwrap();
    make(source.path());
    let metrics = free_address();
    let mounted = Mounted::over(source.path(), &[mode, "--metrics", &metrics.to_string()]);
    // Everything is known, missing names and listings too, and nothing is asked again.
    for number in 0..KNOWN {
        assert!(!known(mounted.path(), number).with_extension("new").exists());
    }
    assert_eq!(differences(source.path(), mounted.path()), [""; 0]);
    assert_eq!(overflows(metrics), 0.0, "{mode}");

    mounted.signal(Signal::STOP);
    change(source.path());
    flood(source.path());
    mounted.signal(Signal::CONT);
    let start = Instant::now();
    let told = wait_for(Duration::from_secs(30), || (overflows(metrics) > 0.0).then_some(()));
    assert!(told.is_some(), "{mode}: no overflow was counted");
    println!("{mode}: the overflow was counted after {:?}", start.elapsed());
    let settled = settle(source.path(), mounted.path(), Duration::from_secs(10));
    let (took, first) = (settled.took, settled.first.len());
    println!("{mode}: compared {took:?} later in {} rounds, {first} differences at first", settled.rounds);
    assert_eq!(settled.last, [""; 0], "{mode}: stale after an overflow");

    // The watch goes on: what changes now is told again.
    let (beneath, through) = (known(source.path(), 1), known(mounted.path(), 1));
    fs::write(&beneath, "after all").unwrap();
    let seen =
        wait_for(Duration::from_secs(5), || (fs::read(&through).unwrap() == b"after all").then_some(()));
    assert!(seen.is_some(), "{mode}: a change after the overflow was not seen");
    mounted.unmount();
}

#[test]
fn of_a_watched_filesystem() {
    if required(is_root(), "root, to watch a filesystem") {
        overflow("--coherence=watch:filesystem");
    }
}

#[test]
fn of_watched_directories() {
    overflow("--coherence=watch:directories");
}

#[test]
fn of_inotify() {
    overflow("--coherence=watch:inotify");
}
