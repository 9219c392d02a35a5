//! Others change the source while we read, and the mount is told: nothing of what it shows stays behind.

mod acceptance;
mod staleness;

use std::time::Duration;

use acceptance::{is_root, required};
use staleness::Plan;

/// A machine under load may be busy with something else for so long; what is expected is printed.
const SOON: Duration = Duration::from_millis(500);

fn check(mode: &str, seconds: u64) {
    check_as(&[mode], seconds);
}

fn check_as(mode: &[&str], seconds: u64) {
    let report = Plan::new(mode, seconds).run();
    report.assert_loaded();
    report.assert_fresh();
    report.assert_soon(SOON);
}

#[test]
fn told_of_a_whole_filesystem() {
    if required(is_root(), "root, to watch a filesystem") {
        check("--coherence=watch:filesystem", 8);
    }
}

#[test]
fn told_directory_by_directory() {
    check("--coherence=watch:directories", 5);
}

#[test]
fn told_by_inotify() {
    check("--coherence=watch:inotify", 5);
}

#[test]
fn served_straight_from_the_source() {
    if required(is_root(), "root, to have the kernel serve files by itself") {
        check_as(&["--profile=stream", "--coherence=watch"], 5);
    }
}

#[test]
fn asked_each_time() {
    check_as(&["--profile=direct", "--coherence=watch"], 5);
}

#[test]
fn told_while_we_write_back() {
    check_as(&["--mode=back", "--flush-after=10ms", "--coherence=watch"], 5);
}
