//! A line of fstab, mounted by mount(8) itself.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail where it stands, and say what it skips"
)]

mod site;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rustix::process::Signal;
use site::{Site, is_root, run, wait_until};

/// The helper where mount(8) looks for it; taken away at the end.
struct Helper(PathBuf);

impl Helper {
    fn install() -> Option<Self> {
        if !is_root() {
            println!("skipped: only root can install a helper of mount(8)");
            return None;
        }
        let path = PathBuf::from("/sbin/mount.cachefs");
        if fs::read_link(&path).is_ok_and(|to| to.ends_with("cachefs-mount") && to.starts_with("/tmp")) {
            fs::remove_file(&path).unwrap();
        }
        symlink(env!("CARGO_BIN_EXE_cachefs-mount"), &path).unwrap();
        Some(Self(path))
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        _ = fs::remove_file(&self.0);
    }
}

fn fstab(site: &Site, lines: &str) -> PathBuf {
    let path = site.top().join("fstab");
    fs::write(&path, lines).unwrap();
    path
}

fn mount_all(fstab: &Path) -> Output {
    run(Command::new("mount").arg("-a").arg("-T").arg(fstab).env("CACHEFS_CONFIG", "/dev/null"))
}

fn line(site: &Site, source: &Path, options: &str) -> String {
    format!("{} {} cachefs {options} 0 0\n", source.display(), site.mountpoint().display())
}

/// The helper is one for the whole machine: one test after the other.
#[test]
fn a_line_of_fstab_is_mounted() {
    let Some(_helper) = Helper::install() else { return };
    options_of_all_kinds();
    what_is_wrong_is_told();
    a_dead_mount_is_mounted_anew();
    a_fake_mount_is_none();
}

fn options_of_all_kinds() {
    let site = Site::new();
    let source = site.top().join("a b");
    fs::create_dir(&source).unwrap();
    fs::write(source.join("hello"), "world").unwrap();
    let options = "memory=1G,coherence=open,ro,noexec,nofail,_netdev,x-systemd.automount,user";
    let escaped = PathBuf::from(source.to_str().unwrap().replace(' ', "\\040"));
    let fstab = fstab(&site, &line(&site, &escaped, options));
    let output = mount_all(&fstab);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(fs::read_to_string(site.mountpoint().join("hello")).unwrap(), "world");
    let mounts = site.mounts();
    assert!(mounts.len() == 1 && mounts[0].contains(" - fuse.cachefs "), "{mounts:?}");
    assert!(mounts[0].contains("noexec") && mounts[0].contains("ro,"), "{mounts:?}");
    let told =
        run(Command::new(env!("CARGO_BIN_EXE_cachefs")).args(["config", "--json"]).arg(site.mountpoint()));
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.contains("\"place\":\"-o memory\",\"value\":\"1G\""), "{told}");

    let again = mount_all(&fstab);
    assert!(again.status.success() && site.mounts().len() == 1, "mounted once: {again:?}");
    assert!(Command::new("umount").arg(site.mountpoint()).status().unwrap().success());
    site.wait_unmounted();
}

fn what_is_wrong_is_told() {
    let site = Site::new();
    for (options, source, text) in [
        ("memroy=1G", site.source(), "unknown mount option memroy: did you mean memory?"),
        ("memory=1G", "/nonexistent".into(), "the source /nonexistent does not exist"),
    ] {
        let output = mount_all(&fstab(&site, &line(&site, &source, options)));
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && told.contains(text), "{output:?}");
        assert_eq!(site.mounts(), [""; 0]);
    }
    let sloppy = run(Command::new("mount")
        .args(["-s", "-t", "cachefs", "-o", "fancy=1,memory=1M"])
        .arg(site.source())
        .arg(site.mountpoint()));
    assert!(sloppy.status.success(), "{sloppy:?}");
    let remount = run(Command::new("mount")
        .args(["-t", "cachefs", "-o", "remount,ro"])
        .arg(site.source())
        .arg(site.mountpoint()));
    assert!(String::from_utf8_lossy(&remount.stderr).contains("mount it anew"), "{remount:?}");
    assert!(Command::new("umount").arg(site.mountpoint()).status().unwrap().success());
    site.wait_unmounted();
}

fn a_dead_mount_is_mounted_anew() {
    let site = Site::with_file("hello", b"world");
    let mut killed = site.mount(&[]);
    killed.signal(Signal::KILL);
    killed.wait_ended();
    wait_until("the mount is dead", || fs::read_dir(site.mountpoint()).is_err());
    let fstab = fstab(&site, &line(&site, &site.source(), "memory=1M"));
    let output = run(Command::new("mount").arg("-T").arg(&fstab).arg(site.mountpoint()));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && told.lines().count() == 1, "{output:?}");
    assert!(told.contains("detached a dead mount from"), "{told}");
    assert_eq!(fs::read_to_string(site.mountpoint().join("hello")).unwrap(), "world");
    assert!(Command::new("umount").arg(site.mountpoint()).status().unwrap().success());
    site.wait_unmounted();
}

fn a_fake_mount_is_none() {
    let site = Site::new();
    let fake = run(Command::new("mount")
        .args(["-f", "-v", "-n", "-t", "cachefs"])
        .arg(site.source())
        .arg(site.mountpoint()));
    assert!(fake.status.success(), "{fake:?}");
    assert_eq!(site.mounts(), [""; 0]);
}
