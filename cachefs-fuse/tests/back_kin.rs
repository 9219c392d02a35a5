//! A source whose bytes wait in a journal, or are being written by another mount, is not mounted beside it: whatever
//! its path, wherever the journal.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod back;
mod site;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use back::{foreground, mount, state, text, told};
use rustix::mount::{UnmountFlags, mount_bind, unmount};
use rustix::process::Signal;
use site::{Daemon, Site, bare, is_root, run};

/// Leaves bytes of `d/f` in the journal by killing the daemon; the mount is gone then.
fn killed_with_dirty() -> Site {
    let site = Site::new();
    fs::create_dir(site.source().join("d")).unwrap();
    fs::create_dir(site.top().join("other")).unwrap();
    let mut daemon = foreground(&site, &[]);
    fs::write(site.mountpoint().join("d/f"), b"text").unwrap();
    daemon.signal(Signal::KILL);
    daemon.exit_code();
    unmount(site.mountpoint(), UnmountFlags::DETACH).unwrap();
    site
}

/// What is said, in a line, to who mounts `source` of a site with these arguments.
fn refused(site: &Site, source: &Path, arguments: &[&str]) -> String {
    let output = run(bare().arg(source).arg(site.top().join("other")).args(arguments));
    let told = text(&output);
    assert_eq!(output.status.code(), Some(32), "{source:?} {arguments:?}: {told}");
    assert!(told.lines().count() == 1, "{told}");
    told
}

/// Each mode, told where the journals are and not told.
fn ways(site: &Site) -> Vec<Vec<String>> {
    let place = ["--state-dir".to_owned(), state(site).display().to_string()];
    let way = |mode: &str, place: &[String]| [&["--mode".to_owned(), mode.to_owned()], place].concat();
    ["through", "around", "back"].iter().flat_map(|mode| [way(mode, &[]), way(mode, &place)]).collect()
}

fn refused_each_way(site: &Site, source: &Path, but_back: bool, text: &str) {
    for way in ways(site).iter().filter(|way| !but_back || way[1] != "back" || way.len() == 2) {
        let arguments: Vec<&str> = way.iter().map(String::as_str).collect();
        let told = refused(site, source, &arguments);
        assert!(told.contains(text), "{way:?}: {told}");
    }
}

#[test]
fn bytes_that_wait_are_seen_without_being_told_where() {
    let site = killed_with_dirty();
    refused_each_way(&site, &site.source(), true, "4 B of 1 files wait in the journal");
    let told = refused(&site, &site.source(), &[]);
    let place = state(&site).canonicalize().unwrap();
    assert!(told.contains(&format!("cachefs recover --state-dir {}", place.display())), "{told}");
    let mut next = foreground(&site, &[]);
    assert_eq!(told_umount(&site), 0);
    assert_eq!(next.exit_code(), Some(0));
    assert_eq!(fs::read(site.source().join("d/f")).unwrap(), b"text");
    let _through = site.mount(&[]);
}

fn told_umount(site: &Site) -> i32 {
    told("umount", &[&site.mountpoint()]).0
}

#[test]
fn what_contains_or_lies_in_a_source_with_waiting_bytes_is_not_mounted() {
    let site = killed_with_dirty();
    refused_each_way(&site, &site.source().join("d"), false, "wait in the journal");
    // Nor what contains it; but for what lies beside it there is nothing to wait for.
    let aside = tempfile::tempdir().unwrap();
    let above = run(bare().arg(site.top()).arg(aside.path()));
    assert!(text(&above).contains("wait in the journal"), "{above:?}");
    let beside = site.top().join("beside");
    fs::create_dir(&beside).unwrap();
    let _beside = Daemon::from_ready_line(&run(bare().arg(&beside).arg(site.mountpoint()).arg("--json")));
}

/// A directory by a second path.
struct Alias(PathBuf);

impl Alias {
    fn of(directory: &Path, path: PathBuf) -> Self {
        fs::create_dir(&path).unwrap();
        mount_bind(directory, &path).unwrap();
        Self(path)
    }
}

impl Drop for Alias {
    fn drop(&mut self) {
        _ = unmount(&self.0, UnmountFlags::DETACH);
    }
}

#[test]
fn a_source_is_known_by_another_path() {
    if !is_root() {
        return;
    }
    let site = killed_with_dirty();
    let alias = Alias::of(&site.source(), site.top().join("alias"));
    refused_each_way(&site, &alias.0, false, "wait in the journal");
    refused_each_way(&site, &alias.0.join("d"), false, "wait in the journal");
    let inner = Alias::of(&site.source().join("d"), site.top().join("inner"));
    refused_each_way(&site, &inner.0, false, "wait in the journal");
}

#[test]
fn a_state_directory_that_cannot_be_looked_at_is_not_taken_for_an_empty_one() {
    let site = killed_with_dirty();
    let place =
        fs::read_dir(state(&site)).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.is_dir());
    let place = place.unwrap();
    fs::set_permissions(&place, Permissions::from_mode(0o755)).unwrap();
    refused_each_way(&site, &site.source(), true, "is open to other users");
    fs::set_permissions(&place, Permissions::from_mode(0o700)).unwrap();
    fs::write(place.join("source.json"), b"{").unwrap();
    refused_each_way(&site, &site.source(), true, "source.json that cannot be read");
    fs::remove_file(place.join("source.json")).unwrap();
    let told = refused(&site, &site.source(), &["--state-dir", state(&site).to_str().unwrap()]);
    assert!(told.contains("does not say of what"), "{told}");
}

#[test]
fn a_source_that_is_written_back_by_another_mount_is_not_mounted_beside_it() {
    let site = Site::new();
    fs::create_dir(site.source().join("d")).unwrap();
    fs::create_dir(site.top().join("other")).unwrap();
    let daemon = mount(&site, &[]);
    let pid = format!("process {}", daemon.pid().as_raw_nonzero());
    refused_each_way(&site, &site.source(), false, &pid);
    refused_each_way(&site, &site.source().join("d"), false, &pid);
}
