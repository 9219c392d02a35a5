//! A mount with `--mode back` through its ends and beginnings: signals, a kill, an umount from outside, and what the next
//! mount finds.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod back;
mod site;

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use back::{Faulty, cachefs, command, foreground, mount, pattern, state, text, told};
use cachefs_testkit::{CallKind, Rule};
use rustix::mount::{UnmountFlags, unmount};
use rustix::process::Signal;
use site::{Daemon, PATIENCE, Site, run, wait_until};

/// `cachefs recover ARGUMENTS... SOURCE` of a site.
fn recover(site: &Site, arguments: &[&str]) -> Output {
    let words = std::iter::once("recover").chain(arguments.iter().copied()).map(PathBuf::from);
    let place = [site.source(), "--state-dir".into(), state(site)];
    cachefs(words.chain(place))
}

/// Leaves bytes of `f` in the journal by killing the daemon; the mount is gone then.
fn kill_with_dirty(site: &Site, bytes: &[u8]) {
    let mut daemon = foreground(site, &[]);
    fs::write(site.mountpoint().join("f"), bytes).unwrap();
    daemon.signal(Signal::KILL);
    daemon.exit_code();
    unmount(site.mountpoint(), UnmountFlags::DETACH).unwrap();
}

#[test]
fn sigterm_writes_everything_and_says_how_far_it_is() {
    let faulty = Faulty::new(4 << 20);
    let site = &faulty.site;
    let mut daemon = foreground(site, &[]);
    fs::write(site.mountpoint().join("f"), pattern(2 << 20, 1)).unwrap();
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.exit_code(), Some(0));
    assert_eq!(fs::read(faulty.beneath("f")).unwrap(), pattern(2 << 20, 1));
    let log = site.wait_logged("everything that was written is in the source");
    assert!(log.contains("writing back: ") && log.contains("of 1 files"), "{log}");
}

#[test]
fn a_second_signal_stops_at_once_and_names_what_stays() {
    let faulty = Faulty::new(0);
    let site = &faulty.site;
    let mut daemon = foreground(site, &[]);
    fs::write(site.mountpoint().join("f"), pattern(5000, 1)).unwrap();
    let hung = faulty.faults.add(Rule::on(CallKind::Write).hang()).release_on_drop();
    daemon.signal(Signal::TERM);
    assert!(hung.wait_waiting(1, PATIENCE), "it writes back");
    daemon.signal(Signal::TERM);
    site.wait_logged("4.88 KiB of 1 files stay in the journal");
    drop(hung);
    assert_eq!(daemon.exit_code(), Some(10));
    let output = run(command(site, &["--json"]).args(["--flush-after", "1h"]));
    let note = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(note.contains("replayed the journal: 4.88 KiB of 1 files go to the source"), "{note}");
    let next = Daemon::from_ready_line(&output);
    assert_eq!(next.told("replayed")["bytes"], 5000);
    assert_eq!(fs::read(site.mountpoint().join("f")).unwrap(), pattern(5000, 1));
}

#[test]
fn a_killed_daemon_loses_nothing() {
    let site = Site::with_file("old", &pattern(300_000, 1));
    let mut daemon = foreground(&site, &[]);
    let at = |name: &str| site.mountpoint().join(name);
    fs::write(at("new"), pattern(200_000, 2)).unwrap();
    let old = fs::File::options().write(true).open(at("old")).unwrap();
    old.write_all_at(&[9; 10], 150_000).unwrap();
    drop(old);
    fs::rename(at("new"), at("renamed")).unwrap();
    daemon.signal(Signal::KILL);
    daemon.exit_code();
    let next = mount(&site, &[]);
    let replayed = next.told("replayed");
    assert_eq!((&replayed["files"], &replayed["conflicts"]), (&2.into(), &0.into()), "{replayed}");
    let mut expected = pattern(300_000, 1);
    expected[150_000..150_010].fill(9);
    for root in [site.mountpoint(), site.source()] {
        if root == site.source() {
            assert_eq!(told("umount", &[&site.mountpoint()]).0, 0);
        }
        assert!(fs::read(root.join("old")).unwrap() == expected, "{}", root.display());
        assert!(fs::read(root.join("renamed")).unwrap() == pattern(200_000, 2), "{}", root.display());
        assert!(!root.join("new").exists());
    }
}

#[test]
fn an_umount_from_outside_is_followed_by_a_drain_and_the_next_mount_waits_for_it() {
    let faulty = Faulty::new(2 << 20);
    let site = &faulty.site;
    let mut first = foreground(site, &[]);
    fs::write(site.mountpoint().join("f"), pattern(3 << 20, 1)).unwrap();
    unmount(site.mountpoint(), UnmountFlags::DETACH).unwrap();
    wait_until("it drains", || told("status", &[&site.mountpoint()]).1["stage"] == "draining");
    let output = run(&mut command(site, &["--json"]));
    let note = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(note.contains("waiting at most") && note.contains("to the source"), "{note}");
    let second = Daemon::from_ready_line(&output);
    assert_eq!(first.exit_code(), Some(0), "the first one wrote everything");
    assert_eq!(second.told("replayed")["files"], 0);
    assert_eq!(fs::read(site.mountpoint().join("f")).unwrap(), pattern(3 << 20, 1));
}

#[test]
fn a_journal_is_of_one_mount() {
    let site = Site::new();
    let first = mount(&site, &[]);
    let other = site.top().join("other");
    fs::create_dir(&other).unwrap();
    let mut second = site::bare();
    second.arg(site.source()).arg(&other).args(["--mode", "back", "--state-dir"]).arg(state(&site));
    let output = run(&mut second);
    let told = text(&output);
    assert_eq!(output.status.code(), Some(32), "{told}");
    let pid = first.pid().as_raw_nonzero();
    assert!(told.contains(&format!("process {pid}")) && told.lines().count() == 1, "{told}");
    // Nor can it be seen to from outside.
    assert_eq!(recover(&site, &["--dry-run"]).status.code(), Some(5));
    assert_eq!(recover(&site, &["--discard"]).status.code(), Some(5));
}

#[test]
fn a_mount_in_another_mode_does_not_overlook_a_journal() {
    let site = Site::new();
    kill_with_dirty(&site, b"text");
    let output = run(site.command(&[]).arg("--state-dir").arg(state(&site)));
    let told = text(&output);
    assert_eq!(output.status.code(), Some(32), "{told}");
    assert!(told.contains("4 B of 1 files wait in the journal") && told.contains("--mode back"), "{told}");
    assert_eq!(recover(&site, &[]).status.code(), Some(0));
    assert_eq!(fs::read(site.source().join("f")).unwrap(), b"text");
    let through = run(site.command(&[]).arg("--state-dir").arg(state(&site)));
    assert_eq!(through.status.code(), Some(0), "{through:?}");
}

#[test]
fn what_others_changed_meanwhile_is_kept_beside_ours() {
    let site = Site::with_file("f", b"before");
    kill_with_dirty(&site, b"ours");
    site.settle();
    fs::write(site.source().join("f"), b"theirs, longer").unwrap();
    let mut daemon = foreground(&site, &[]);
    assert_eq!(daemon.told("replayed")["conflicts"], 1);
    let (code, outcome) = told("umount", &[&site.mountpoint()]);
    assert_eq!((code, outcome["conflicts"].as_u64()), (11, Some(1)), "{outcome}");
    assert_eq!(daemon.exit_code(), Some(11));
    assert_eq!(fs::read(site.source().join("f")).unwrap(), b"theirs, longer");
    let names: Vec<_> = fs::read_dir(site.source()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let beside = names.iter().find(|path| path.display().to_string().contains("f.cachefs-conflict-"));
    assert!(fs::read(beside.unwrap()).unwrap().starts_with(b"ours"), "{names:?}");
}

#[test]
fn a_journal_can_be_shown_saved_written_and_dropped_without_a_mount() {
    let site = Site::new();
    assert_eq!(recover(&site, &["--dry-run"]).status.code(), Some(3), "there is no such place");
    kill_with_dirty(&site, b"text");
    let shown = recover(&site, &["--dry-run", "--json"]);
    assert_eq!(shown.status.code(), Some(10), "{shown:?}");
    let told: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!((&told["files"][0]["path"], &told["bytes"]), (&"f".into(), &4.into()), "{told}");
    let saved = site.top().join("saved");
    let export = recover(&site, &["--export", saved.to_str().unwrap()]);
    assert_eq!(export.status.code(), Some(0), "{export:?}");
    assert_eq!(fs::read(saved.join("files/f")).unwrap(), b"text");
    assert_eq!(recover(&site, &["--dry-run"]).status.code(), Some(10), "it is still there");
    let written = recover(&site, &[]);
    assert_eq!(written.status.code(), Some(0), "{written:?}");
    assert!(text(&written).contains("wrote 4 B of 1 files"), "{written:?}");
    assert_eq!(fs::read(site.source().join("f")).unwrap(), b"text");
    assert_eq!(recover(&site, &["--dry-run"]).status.code(), Some(0));
    kill_with_dirty(&site, b"other");
    let dropped = recover(&site, &["--discard"]);
    assert!(dropped.status.success() && text(&dropped).contains("dropped 5 B of 1 files"), "{dropped:?}");
    assert_eq!(recover(&site, &[]).status.code(), Some(0));
    // Cut to nothing by the program that was writing it, and then never written.
    assert_eq!(fs::read(site.source().join("f")).unwrap(), b"");
}

#[test]
fn a_damaged_journal_is_told() {
    let site = Site::new();
    let mut daemon = foreground(&site, &[]);
    for name in ["a", "b", "c"] {
        fs::write(site.mountpoint().join(name), pattern(100_000, 7)).unwrap();
    }
    daemon.signal(Signal::KILL);
    daemon.exit_code();
    unmount(site.mountpoint(), UnmountFlags::DETACH).unwrap();
    flip_a_payload(&state(&site));
    let shown = recover(&site, &["--dry-run"]);
    assert_eq!(shown.status.code(), Some(12), "{shown:?}");
    assert!(text(&shown).contains("damaged: "), "{shown:?}");
    let next = mount(&site, &[]);
    assert_eq!(next.told("replayed")["damaged"], 1);
    site.wait_logged("the journal is damaged");
}

/// Changes a byte amid the journal's only segment: of the payload of one of three records.
fn flip_a_payload(state: &Path) {
    let source = fs::read_dir(state).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.is_dir());
    let journal = source.unwrap().join("journal");
    let segments: Vec<_> = fs::read_dir(journal).unwrap().map(|entry| entry.unwrap().path()).collect();
    let written =
        segments.iter().find(|path| fs::read(path).unwrap().windows(8).any(|w| w == &pattern(8, 7)[..]));
    let segment = fs::File::options().read(true).write(true).open(written.unwrap()).unwrap();
    let mut byte = [0];
    segment.read_exact_at(&mut byte, 150_000).unwrap();
    segment.write_all_at(&[!byte[0]], 150_000).unwrap();
}
