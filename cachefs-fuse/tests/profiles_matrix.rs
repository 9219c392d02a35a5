//! What programs see through a mount is what they see in the directory itself, however it is served.

#![expect(clippy::print_stdout, reason = "what was slow is worth knowing")]

mod acceptance;
mod matrix;

use acceptance::{Mode, Mounted, is_root, required, writes_back};
use matrix::{Stage, told};

/// A scene, where it ends otherwise, and what makes it so.
type Otherwise = (&'static str, fn(Mode) -> bool, &'static str);

/// Others look at, or write to, what somebody here has open and has written to.
const OPEN_HERE: &str =
    "what is open and was written to is in the source once it is flushed, here when it is closed";

/// Scenes that end otherwise on a mount.
const OTHERWISE: [Otherwise; 11] = [
    (
        "by_path_only_while_others_replace_it",
        |mode| !writes_back(mode) && !mode.contains(&"--coherence=watch"),
        "where nobody tells of changes, only files that the kernel told of are kept, and of those by path only it does not",
    ),
    ("a_mapped_file_becomes_longer", writes_back, OPEN_HERE),
    ("appenders_at_once", writes_back, OPEN_HERE),
    ("appending", writes_back, OPEN_HERE),
    ("direct_appends", writes_back, OPEN_HERE),
    ("direct_reads_and_writes", writes_back, OPEN_HERE),
    ("lengths", writes_back, OPEN_HERE),
    ("sendfile", writes_back, OPEN_HERE),
    ("synchronous_writes", writes_back, OPEN_HERE),
    ("times", writes_back, OPEN_HERE),
    ("truncating_opens", writes_back, OPEN_HERE),
];

fn as_in_the_directory(mode: Mode) {
    if !required(is_root(), "root, to change users and to serve by passthrough") {
        return;
    }
    // Fewer handles than one scene uses files.
    let mounted = Mounted::fresh(&[mode, &["--handles-max=1000"]].concat());
    let seen = Stage { top: mounted.path(), beneath: mounted.source() }.play();
    println!("{mode:?}: {}", seen.slowest());
    if writes_back(mode) {
        mounted.unmount_with_conflicts();
    } else {
        mounted.unmount();
    }

    let native = told();
    assert_eq!(native.raised(), [""; 0], "in the directory itself");
    let expected: Vec<_> =
        OTHERWISE.iter().filter(|(_, applies, _)| applies(mode)).map(|(scene, ..)| *scene).collect();
    let (excused, wrong): (Vec<_>, Vec<_>) =
        native.differences(&seen).into_iter().partition(|difference| expected.contains(&&*difference.scene));
    assert!(wrong.is_empty(), "{mode:?}: {} scenes end otherwise:\n{}", wrong.len(), matrix::list(&wrong));
    assert_eq!(
        excused.len(),
        expected.len(),
        "{mode:?}: of {expected:?} only these do: {}",
        matrix::list(&excused)
    );
}

#[test]
fn pages_of_a_watched_directory() {
    as_in_the_directory(&["--profile=pages", "--coherence=watch"]);
}

#[test]
fn pages_of_a_watched_directory_in_which_nothing_grows() {
    as_in_the_directory(&["--profile=pages", "--coherence=watch", "--assume-no-growth"]);
}

#[test]
fn pages_checked_at_each_open() {
    as_in_the_directory(&["--profile=pages", "--coherence=open"]);
}

#[test]
fn streams_of_a_watched_directory() {
    as_in_the_directory(&["--profile=stream", "--coherence=watch"]);
}

#[test]
fn streams_checked_at_each_open() {
    as_in_the_directory(&["--profile=stream", "--coherence=open"]);
}

#[test]
fn each_request_of_a_watched_directory() {
    as_in_the_directory(&["--profile=direct", "--coherence=watch"]);
}

#[test]
fn each_request_with_an_open_to_check() {
    as_in_the_directory(&["--profile=direct", "--coherence=open"]);
}

/// Others look at what was written as soon as it was closed.
#[test]
fn written_back_as_files_are_closed() {
    as_in_the_directory(&["--mode=back", "--flush-on-close", "--durability=backing", "--coherence=watch"]);
}

#[test]
fn written_back_and_each_request_seen() {
    as_in_the_directory(&[
        "--mode=back",
        "--flush-on-close",
        "--durability=backing",
        "--profile=direct",
        "--coherence=watch",
    ]);
}
