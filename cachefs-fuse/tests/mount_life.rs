//! A mount by `cachefs-mount` from its beginning to each of its ends.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod site;

use std::fs;
use std::io::Read;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use site::{Daemon, Site, is_root, run, wait_until};

#[test]
fn the_parent_returns_when_the_mount_is_ready_and_sigterm_ends_it() {
    let site = Site::with_file("hello", b"world");
    let mut daemon = site.mount(&[]);
    assert_eq!(fs::read(site.mountpoint().join("hello")).unwrap(), b"world");
    assert_eq!(daemon.told("mode"), "through");
    let mounts = site.mounts();
    assert!(mounts.len() == 1 && mounts[0].contains(" - fuse.cachefs "), "{mounts:?}");
    daemon.signal(Signal::TERM);
    daemon.wait_ended();
    assert_eq!(site.mounts(), [""; 0]);
}

#[test]
fn a_silent_mount_prints_nothing() {
    let site = Site::with_file("hello", b"world");
    let output = run(&mut site.command(&[]));
    assert!(output.status.success(), "{output:?}");
    assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
    assert_eq!(site.mounts().len(), 1);
    assert!(Command::new("umount").arg(site.mountpoint()).status().unwrap().success());
    site.wait_unmounted();
}

#[test]
fn the_foreground_mount_says_its_mode_and_ends_well_on_sigint() {
    let site = Site::with_file("hello", b"world");
    let mut daemon = Daemon::in_foreground(&mut site.command(&["--mode", "around"]));
    assert_eq!(daemon.told("mode"), "around");
    assert_eq!(fs::read(site.mountpoint().join("hello")).unwrap(), b"world");
    daemon.signal(Signal::INT);
    assert_eq!(daemon.exit_code(), Some(0));
    assert_eq!(site.mounts(), [""; 0]);
}

#[test]
fn a_hangup_of_the_terminal_unmounts_in_the_foreground_only() {
    let site = Site::with_file("hello", b"world");
    let log = site.log();
    let mut daemon = Daemon::in_foreground(&mut site.command(&[]));
    daemon.signal(Signal::HUP);
    assert_eq!(daemon.exit_code(), Some(0));
    assert_eq!(site.mounts(), [""; 0]);
    let daemon = site.mount(&["--log", log.to_str().unwrap()]);
    daemon.signal(Signal::HUP);
    site.wait_logged("configuration read: nothing changed");
    assert_eq!(fs::read(site.mountpoint().join("hello")).unwrap(), b"world");
}

#[test]
fn umount_from_outside_ends_the_daemon() {
    let site = Site::new();
    let mut daemon = Daemon::in_foreground(&mut site.command(&[]));
    rustix::mount::unmount(site.mountpoint(), rustix::mount::UnmountFlags::empty()).unwrap();
    assert_eq!(daemon.exit_code(), Some(0));
}

#[test]
fn changes_reach_the_source_and_ro_refuses_them() {
    let site = Site::new();
    let mut daemon = site.mount(&[]);
    fs::write(site.mountpoint().join("new"), "text").unwrap();
    assert_eq!(fs::read_to_string(site.source().join("new")).unwrap(), "text");
    daemon.signal(Signal::TERM);
    daemon.wait_ended();
    let _second = site.mount(&["-o", "ro,fsname=fast"]);
    let refused = fs::write(site.mountpoint().join("more"), "text").unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ReadOnlyFilesystem);
    assert!(site.mounts()[0].contains(" - fuse.cachefs fast "), "{:?}", site.mounts());
}

#[test]
fn a_busy_mount_is_reported_detached_and_served_to_the_end() {
    let site = Site::with_file("hello", b"world");
    let log = site.log();
    let mut daemon = Daemon::in_foreground(&mut site.command(&["--log", log.to_str().unwrap()]));
    let mut held = fs::File::open(site.mountpoint().join("hello")).unwrap();
    daemon.signal(Signal::TERM);
    let told = site.wait_logged("is busy");
    let pid = std::process::id();
    assert!(told.contains(&format!("(pid {pid}) holds {}/hello", site.mountpoint().display())), "{told}");
    site.wait_unmounted();
    assert!(daemon.runs());
    let mut text = String::new();
    held.read_to_string(&mut text).unwrap();
    assert_eq!(text, "world");
    drop(held);
    assert_eq!(daemon.exit_code(), Some(0));
}

#[test]
fn a_second_signal_stops_at_once() {
    let site = Site::with_file("hello", b"world");
    let log = site.log();
    let mut daemon = Daemon::in_foreground(&mut site.command(&["--log", log.to_str().unwrap()]));
    let _held = fs::File::open(site.mountpoint().join("hello")).unwrap();
    daemon.signal(Signal::TERM);
    site.wait_logged("is busy");
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.exit_code(), Some(128 + 15));
    assert_eq!(site.mounts(), [""; 0]);
}

#[test]
fn after_a_kill_the_next_mount_clears_the_dead_one() {
    if !is_root() {
        return;
    }
    let site = Site::with_file("hello", b"world");
    let mut killed = site.mount(&[]);
    killed.signal(Signal::KILL);
    killed.wait_ended();
    wait_until("the mount is dead", || fs::read_dir(site.mountpoint()).is_err());
    let output = run(site.command(&["--json"]).arg("-v"));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("detached a dead mount from") && told.lines().count() == 1, "{told}");
    let _daemon = Daemon::from_ready_line(&output);
    assert_eq!(fs::read(site.mountpoint().join("hello")).unwrap(), b"world");
    assert_eq!(site.mounts().len(), 1);
}

#[test]
fn a_mount_that_lives_is_not_mounted_over() {
    let site = Site::new();
    let _daemon = site.mount(&[]);
    let output = run(&mut site.command(&[]));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(32), "{told}");
    assert!(told.contains("is already a mount (fuse.cachefs)"), "{told}");
    assert_eq!(site.mounts().len(), 1);
}

#[test]
fn with_auto_unmount_a_killed_daemon_leaves_nothing() {
    let took: Vec<Duration> =
        ["auto_unmount", "auto_unmount,subtype=other", "auto_unmount"].map(time_of_auto_unmount).to_vec();
    // One of them must be as fast as promised even on a machine that does other things.
    assert!(took.iter().any(|took| *took < Duration::from_millis(500)), "{took:?}");
}

fn time_of_auto_unmount(options: &str) -> Duration {
    let site = Site::new();
    let daemon = site.mount(&["-o", options]);
    daemon.signal(Signal::KILL);
    let killed = Instant::now();
    site.wait_unmounted();
    let took = killed.elapsed();
    assert_eq!(fs::read_dir(site.mountpoint()).unwrap().count(), 0, "a directory like any other");
    let _again = site.mount(&[]);
    took
}

#[test]
fn with_auto_unmount_an_ordinary_end_leaves_no_guardian() {
    let site = Site::new();
    let mut daemon = site.mount(&["-o", "auto_unmount"]);
    let guardians = || guardians_of(&site);
    assert_eq!(guardians(), 1);
    daemon.signal(Signal::TERM);
    daemon.wait_ended();
    wait_until("the guardian has ended", || guardians() == 0);
    assert_eq!(site.mounts(), [""; 0]);
}

/// Processes whose command line names this site's mount point as something to guard.
fn guardians_of(site: &Site) -> usize {
    let mountpoint = site.mountpoint().canonicalize().unwrap();
    let line = format!("cachefs-guardian\0--internal-guard\0{}\0", mountpoint.display());
    let lines = fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .map(|entry| fs::read_to_string(entry.path().join("cmdline")));
    lines.filter(|found| found.as_ref().is_ok_and(|found| *found == line)).count()
}
