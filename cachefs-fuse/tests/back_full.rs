//! A journal on a disk that is full: the mount goes on, and says that writes go straight to the source.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod back;
mod site;

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

use back::{foreground, pattern, state, told};
use rustix::mount::{MountFlags, UnmountFlags, unmount};
use site::{Site, is_root};

/// The journals of a site on a small disk of their own.
struct Disk(PathBuf);

impl Disk {
    fn of(site: &Site) -> Self {
        let path = state(site);
        fs::create_dir(&path).unwrap();
        let options = Some(c"size=200m,mode=0700");
        rustix::mount::mount("none", &path, "tmpfs", MountFlags::empty(), options).unwrap();
        Self(path)
    }

    /// Leaves no room on it, until this is removed.
    fn fill(&self) -> PathBuf {
        let path = self.0.join("filler");
        let mut file = File::create(&path).unwrap();
        for step in [1 << 20, 4096, 1] {
            while file.write_all(&vec![1; step]).is_ok() {}
        }
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        _ = unmount(&self.0, UnmountFlags::DETACH);
    }
}

#[test]
fn that_writes_go_straight_to_the_source_is_told_as_long_as_they_do() {
    if !is_root() {
        return;
    }
    let site = Site::new();
    let disk = Disk::of(&site);
    let _daemon = foreground(&site, &[]);
    let status = || told("status", &[&site.mountpoint()]).1["write_back"].clone();
    assert!(status()["through"].is_null() && status()["through_writes"] == 0, "{}", status());
    let filler = disk.fill();
    fs::write(site.mountpoint().join("f"), pattern(2 << 20, 1)).unwrap();
    let full = status();
    assert!(full["through"].as_str().is_some_and(|why| why.contains("No space left")), "{full}");
    assert!(full["through_writes"].as_u64().is_some_and(|writes| writes > 0), "{full}");
    site.wait_logged("the journal has no room");
    assert_eq!(told("flush", &[&site.mountpoint()]).0, 0);
    assert!(fs::read(site.source().join("f")).unwrap() == pattern(2 << 20, 1));
    fs::remove_file(filler).unwrap();
    fs::write(site.mountpoint().join("g"), pattern(1 << 20, 2)).unwrap();
    let again = status();
    assert!(again["through"].is_null() && again["through_writes"] == full["through_writes"], "{again}");
}

#[test]
fn a_mount_begins_also_where_there_is_no_room_to_say_who_holds_the_journal() {
    if !is_root() {
        return;
    }
    let site = Site::new();
    let disk = Disk::of(&site);
    let mut first = foreground(&site, &[]);
    assert_eq!(told("umount", &[&site.mountpoint()]).0, 0);
    assert_eq!(first.exit_code(), Some(0));
    let place = fs::read_dir(state(&site)).unwrap().next().unwrap().unwrap().path();
    _ = fs::remove_file(place.join("drain.json"));
    File::create(place.join("lock")).unwrap();
    disk.fill();
    let mut daemon = foreground(&site, &[]);
    site.wait_logged("no room to say who has the state directory");
    fs::write(site.mountpoint().join("f"), b"text").unwrap();
    assert_eq!(told("umount", &[&site.mountpoint()]).0, 0);
    assert_eq!(daemon.exit_code(), Some(0));
    assert_eq!(fs::read(site.source().join("f")).unwrap(), b"text");
}
