//! Unmounting what cannot be asked to leave: mounts whose daemon was killed, is stopped, or cannot be reached. What waits
//! in a journal is told, and no mount that is served counts as dead.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod back;
mod site;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use back::{cachefs, foreground, mount, state, text, told};
use cachefs_fuse::control::Trace;
use rustix::process::Signal;
use site::{Daemon, Site};

/// Writes a file that waits, and kills the daemon.
fn killed(site: &Site, arguments: &[&str]) -> PathBuf {
    let mut daemon = foreground(site, arguments);
    let socket = PathBuf::from(daemon.told("control").as_str().unwrap());
    fs::write(site.mountpoint().join("f"), b"text").unwrap();
    daemon.signal(Signal::KILL);
    daemon.exit_code();
    socket
}

#[test]
fn what_waits_in_the_journal_of_a_killed_mount_is_told_wherever_that_is() {
    for arguments in [&[][..], &["-o", "fsname=other"]] {
        let site = Site::new();
        killed(&site, arguments);
        let (code, outcome) = told("umount", &[&site.mountpoint()]);
        assert_eq!((code, outcome["dirty_bytes"].as_u64()), (10, Some(4)), "{outcome}");
        assert!(
            outcome["journal"].as_str().unwrap().starts_with(state(&site).to_str().unwrap()),
            "{outcome}"
        );
        assert_eq!(site.mounts(), [""; 0]);
        let _next: Daemon = mount(&site, &[]);
        assert_eq!(fs::read(site.mountpoint().join("f")).unwrap(), b"text");
    }
}

#[test]
fn what_cannot_be_known_of_a_killed_mount_is_no_success() {
    let site = Site::new();
    let socket = killed(&site, &["-o", "fsname=other"]);
    Trace::remove(&socket);
    let (code, outcome) = told("umount", &[&site.mountpoint()]);
    assert_eq!(code, 1, "{outcome}");
    assert!(outcome["unknown"].as_str().unwrap().contains("cachefs recover"), "{outcome}");
    assert_eq!(site.mounts(), [""; 0]);
}

#[test]
fn a_killed_mount_without_a_journal_has_left_nothing() {
    let site = Site::new();
    let mut daemon = Daemon::in_foreground(&mut site.command(&[]));
    daemon.signal(Signal::KILL);
    daemon.exit_code();
    let output = cachefs([Path::new("umount"), &site.mountpoint()]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(site.mounts(), [""; 0]);
}

#[test]
fn a_mount_that_is_served_stays_where_its_socket_is_gone() {
    let site = Site::new();
    let mut daemon = foreground(&site, &[]);
    fs::write(site.mountpoint().join("f"), b"text").unwrap();
    let socket = PathBuf::from(daemon.told("control").as_str().unwrap());
    let aside = socket.with_extension("aside");
    fs::rename(&socket, &aside).unwrap();
    for verb in ["umount", "status", "flush"] {
        let (code, trouble) = told(verb, &[&site.mountpoint()]);
        assert_eq!(code, 5, "{verb}: {trouble}");
        assert!(trouble["error"].as_str().unwrap().contains("socket cannot be reached"), "{trouble}");
    }
    assert_eq!(site.mounts().len(), 1);
    fs::rename(&aside, &socket).unwrap();
    assert_eq!(told("umount", &[&site.mountpoint()]).0, 0);
    assert_eq!(daemon.exit_code(), Some(0));
    assert_eq!(fs::read(site.source().join("f")).unwrap(), b"text");
}

#[test]
fn a_timeout_is_kept_where_the_daemon_is_stopped() {
    let site = Site::new();
    let mut daemon = foreground(&site, &[]);
    daemon.signal(Signal::STOP);
    let began = Instant::now();
    let (code, trouble) = told("umount", &[Path::new("--timeout"), Path::new("500ms"), &site.mountpoint()]);
    let took = began.elapsed();
    daemon.signal(Signal::CONT);
    assert_eq!(code, 5, "{trouble}");
    let pid = daemon.pid().as_raw_nonzero().get().to_string();
    assert!(trouble["error"].as_str().unwrap().contains(&format!("process {pid}")), "{trouble}");
    assert!(took < Duration::from_secs(15), "{took:?}");
    // It may have heard it all the same.
    let output = cachefs([Path::new("umount"), &site.mountpoint()]);
    assert!(matches!(output.status.code(), Some(0 | 1 | 4)), "{}", text(&output));
    assert_eq!(daemon.exit_code(), Some(0));
}
