//! Others change the source while we read, and the mount is told: nothing of what it shows stays behind.

mod acceptance;
mod staleness;

use std::time::Duration;

use acceptance::{is_root, required};
use staleness::{Kind, Plan};

/// A machine under load may be busy with something else for so long; what is expected is printed.
const SOON: Duration = Duration::from_millis(500);

fn check(mode: &str, seconds: u64) {
    check_as(&[mode], seconds);
}

fn check_as(mode: &[&str], seconds: u64) {
    run(&Plan::new(mode, seconds));
}

fn run(plan: &Plan<'_>) {
    let report = plan.run();
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

/// Files that become longer in place are what this mode is told not to meet: they are left out, also those that are cut
/// and written anew. New files, which are empty at first, are not.
const GROWING: [Kind; 2] = [Kind::Append, Kind::Truncate];

#[test]
fn told_of_a_filesystem_in_which_nothing_grows() {
    if required(is_root(), "root, to watch a filesystem") {
        run(&Plan::new(&["--coherence=watch:filesystem", "--assume-no-growth"], 8).without(&GROWING));
    }
}

#[test]
fn told_by_inotify_where_nothing_grows() {
    run(&Plan::new(&["--coherence=watch:inotify", "--assume-no-growth"], 5).without(&GROWING));
}
