//! A file that nobody writes any more is not open for writing: else its owner could not execute it where it lies.

#[expect(dead_code, reason = "shared by several tests, each of which uses a part")]
mod support;

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cachefs_fuse::{MountConfig, Trust};
use cachefs_testkit::{CallKind, FaultFs, Rule};
use cachefs_vfs::{Errno, LocalFs};
use support::{MountGuard, PATIENCE, config, is_root};

struct Site {
    guard: MountGuard,
    faults: Arc<FaultFs>,
}

fn site() -> Site {
    let dir = tempfile::tempdir().expect("on a plain directory");
    fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755)).expect("on a plain directory");
    fs::create_dir(dir.path().join("src")).expect("on a plain directory");
    let local = LocalFs::open(dir.path().join("src")).expect("on a plain directory").impersonate(is_root());
    let faults = Arc::new(FaultFs::new(Arc::new(local)));
    let config = MountConfig { trust: Trust::Always, ..config() };
    Site { guard: MountGuard::new(Arc::clone(&faults) as _, dir, config), faults }
}

/// Descriptors of this process that are open for writing to a file beneath the mount.
fn writers(site: &Site) -> Vec<String> {
    let source = site.guard.beneath("");
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc/self/fd").expect("on a plain directory").flatten() {
        let Ok(target) = fs::read_link(entry.path()) else { continue };
        let info = fs::read_to_string(format!(
            "/proc/self/fdinfo/{}",
            entry.file_name().to_str().expect("on a plain directory")
        ));
        let flags = info.ok().and_then(|info| {
            let line = info.lines().find(|line| line.starts_with("flags:"))?.to_owned();
            u32::from_str_radix(line.trim_start_matches("flags:").trim(), 8).ok()
        });
        if target.starts_with(&source)
            && flags.is_some_and(|flags| flags & 3 != 0 && flags & 0o10_000_000 == 0)
        {
            found.push(target.display().to_string());
        }
    }
    found
}

fn given_back(site: &Site) {
    let until = Instant::now() + Duration::from_secs(3);
    while !writers(site).is_empty() {
        assert!(Instant::now() < until, "open for writing for ever: {:?}", writers(site));
        std::thread::yield_now();
    }
}

fn write(site: &Site, name: &str) {
    File::create(site.guard.at(name))
        .expect("on a plain directory")
        .write_all(b"text")
        .expect("on a plain directory");
    assert!(!writers(site).is_empty());
}

#[test]
fn the_usual_way() {
    let site = site();
    write(&site, "a");
    given_back(&site);
}

/// The one try to give the handle back meets an error that passes (no descriptor to spare, a network that hiccups).
#[test]
fn after_an_error_that_passes() {
    let site = site();
    write(&site, "a");
    let rule = site.faults.add(Rule::on(CallKind::Open).at("a").times(1).fail(Errno::MFILE));
    assert!(rule.wait_fired(1, PATIENCE));
    given_back(&site);
}

/// Something is renamed over the file, slowly, and in vain.
#[test]
fn after_a_rename_over_it_that_failed() {
    let site = site();
    File::create(site.guard.at("b")).unwrap();
    given_back(&site);
    let rule = site.faults.add(Rule::on(CallKind::Rename).hang()).release_on_drop();
    let fails = site.faults.add(Rule::on(CallKind::Rename).fail(Errno::NOSPC));
    write(&site, "a");
    std::thread::scope(|scope| {
        let renamed = scope.spawn(|| fs::rename(site.guard.at("b"), site.guard.at("a")));
        assert!(rule.wait_waiting(1, PATIENCE));
        std::thread::sleep(Duration::from_millis(300)); // sleep: longer than a writer may be idle
        rule.release();
        assert_eq!(renamed.join().unwrap().unwrap_err().kind(), std::io::ErrorKind::StorageFull);
    });
    drop(fails);
    given_back(&site);
}

/// A name goes while a program has the file open to read it; another name, which we never saw, is still there.
#[test]
fn when_a_name_of_several_went() {
    let site = site();
    write(&site, "a");
    given_back(&site);
    fs::hard_link(site.guard.beneath("a"), site.guard.beneath("program")).unwrap();
    File::options().write(true).open(site.guard.at("a")).unwrap().write_all(b"more").unwrap();
    let reader = File::open(site.guard.at("a")).unwrap();
    fs::remove_file(site.guard.at("a")).unwrap();
    given_back(&site);
    drop(reader);
}

/// One file hangs at the source; others are given back all the same.
#[test]
fn while_another_file_hangs() {
    let site = site();
    write(&site, "hangs");
    let rule = site.faults.add(Rule::on(CallKind::Open).at("hangs").hang()).release_on_drop();
    assert!(rule.wait_waiting(1, PATIENCE));
    File::create(site.guard.at("a")).unwrap().write_all(b"text").unwrap();
    let until = Instant::now() + Duration::from_secs(3);
    while writers(&site).iter().any(|name| name.ends_with("/a")) {
        assert!(Instant::now() < until, "open for writing as long as another hangs: {:?}", writers(&site));
        std::thread::yield_now();
    }
}
