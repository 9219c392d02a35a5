//! How a mount by `cachefs-mount` stays fresh, and what it tells about that.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod site;

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use site::{Daemon, Scrape, Site, bare, is_root, run, wait_until};

const METRICS: &[&str] = &["--metrics", "127.0.0.1:0"];

fn mount(site: &Site, arguments: &[&str]) -> Daemon {
    site.mount(&[arguments, METRICS].concat())
}

fn scrape(daemon: &Daemon) -> Scrape {
    Scrape::of(daemon.told("metrics").as_str().unwrap())
}

fn read(site: &Site, name: &str) -> Vec<u8> {
    fs::read(site.mountpoint().join(name)).unwrap()
}

#[test]
fn the_mode_in_force_is_told_to_people_programs_and_metrics() {
    for (mode, name, told) in [
        (
            "watch:directories",
            "watch",
            "coherence watch (directories): changes made behind it are seen at once",
        ),
        ("open", "open", "coherence open: changes made behind it are seen by the next open or look-up"),
        ("ttl=2s", "ttl", "coherence ttl: changes made behind it are seen within 2 s"),
        ("single", "single", "coherence single: changes made behind it are not seen: there must be none"),
    ] {
        let site = Site::with_file("f", b"1");
        let log = site.log();
        let daemon = mount(&site, &["--coherence", mode, "--log", log.to_str().unwrap()]);
        assert_eq!(daemon.told("coherence"), name);
        assert_eq!(daemon.told("ttl_seconds").as_f64(), (name == "ttl").then_some(2.0));
        site.wait_logged(told);
        let mount = site.mountpoint().canonicalize().unwrap();
        let labels = format!("backend=\"local\",coherence=\"{name}\",mode=\"through\"");
        let profile = "profile=\"pages\"";
        let info = format!("cachefs_mount_info{{{labels},mount=\"{}\",{profile}}}", mount.display());
        assert_eq!(scrape(&daemon).value(&info), 1.0);
    }
}

#[test]
fn a_local_source_is_watched_unless_told_otherwise() {
    let site = Site::with_file("f", b"1");
    let daemon = site.mount(&[]);
    assert_eq!(daemon.told("coherence"), "watch");
    let best = if is_root() { "filesystem" } else { "directories" };
    assert_eq!(daemon.told("watch"), best);
    assert!(daemon.told("no_watch").is_null() && daemon.told("ttl_seconds").is_null());
}

#[test]
fn a_source_that_tells_of_nothing_is_asked_and_the_reason_is_told() {
    let beneath = Site::with_file("f", b"1");
    let _daemon_beneath = beneath.mount(&[]);
    for asked in [&[][..], &["--coherence", "watch"]] {
        let site = over(&beneath);
        let output = run(site.command(&[asked, &["--json"]].concat()).args(METRICS));
        let daemon = Daemon::from_ready_line(&output);
        let note = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(note.contains("no watch (watching FUSE, which") && note.lines().count() == 1, "{note}");
        assert!(note.contains("each open and look-up asks the source"), "{note}");
        assert_eq!((daemon.told("coherence"), daemon.told("watch").is_null()), (&"open".into(), true));
        assert!(daemon.told("no_watch").as_str().unwrap().starts_with("watching FUSE"));
        assert_eq!(scrape(&daemon).value("cachefs_watch_marks"), 0.0);
        assert_eq!(read(&site, "f"), b"1");
    }
    let forced = over(&beneath);
    let daemon = forced.mount(&["--coherence", "watch!"]);
    assert_eq!(daemon.told("coherence"), "watch");
}

/// Over what another one mounted.
fn over(beneath: &Site) -> Site {
    let site = Site::new();
    fs::remove_dir(site.source()).unwrap();
    symlink(beneath.mountpoint(), site.source()).unwrap();
    site
}

#[test]
fn what_must_be_watched_and_cannot_is_not_mounted() {
    if !is_root() {
        return;
    }
    let site = Site::with_file("f", b"1");
    let program = site.top().join("cachefs-mount");
    fs::copy(bare().get_program(), &program).unwrap();
    std::os::unix::fs::chown(site.mountpoint(), Some(65534), Some(65534)).unwrap();
    // Whatever others than root may do with this machine's devices.
    let script = "mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 && mknod -m 666 /dev/fuse c 10 229 && \
                  exec setpriv --reuid=65534 --regid=65534 --clear-groups \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", script, "sh"]).arg(program);
    command.args([site.source(), site.mountpoint()]).args(["--coherence", "watch:filesystem!"]);
    let output = run(&mut command);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(32), "{told}");
    assert!(told.contains("--coherence watch!: the source cannot be watched") && told.lines().count() == 1);
    assert_eq!(site.mounts(), [""; 0]);
}

#[test]
fn changes_by_others_are_seen_and_counted_by_each_kind_of_watch() {
    for mode in ["watch", "watch:directories", "watch:inotify"] {
        let site = Site::with_file("f", b"1");
        let daemon = mount(&site, &["--coherence", mode]);
        assert_eq!(read(&site, "f"), b"1");
        assert!(!site.mountpoint().join("new").exists());
        fs::write(site.source().join("f"), b"2").unwrap();
        fs::write(site.source().join("new"), b"").unwrap();
        wait_until("the change is seen", || {
            read(&site, "f") == b"2" && site.mountpoint().join("new").exists()
        });
        let told = scrape(&daemon);
        assert!(told.value("cachefs_watch_events_total{by=\"others\"}") >= 2.0, "{mode}");
        assert!(told.value("cachefs_watch_marks") >= 1.0, "{mode}");
        assert!(told.value("cachefs_watch_notices_total{kind=\"name\"}") >= 1.0, "{mode}");
        assert!(told.value("cachefs_kernel_notices_total{kind=\"inval_entry\"}") >= 1.0, "{mode}");
        assert!(told.value("cachefs_kernel_notice_delay_seconds_count") >= 1.0, "{mode}");
        assert_eq!(told.value("cachefs_kernel_notices_failed_total"), 0.0, "{mode}");
        for none in
            ["cachefs_watch_overflows_total", "cachefs_watch_lost", "cachefs_watch_uncovered_directories"]
        {
            assert_eq!(told.value(none), 0.0, "{mode}: {none}");
        }
    }
}

#[test]
fn own_changes_are_told_apart() {
    let site = Site::with_file("f", b"1");
    let daemon = mount(&site, &["--coherence", "watch:directories"]);
    fs::write(site.mountpoint().join("f"), b"mine").unwrap();
    let counted = |by: &str| scrape(&daemon).value(&format!("cachefs_watch_events_total{{by=\"{by}\"}}"));
    wait_until("the events of our own write", || counted("self") >= 1.0);
    assert_eq!(counted("others"), 0.0);
}

#[test]
fn each_open_asks_and_single_never_does() {
    for (mode, seen) in [("open", &b"2"[..]), ("single", b"1")] {
        let site = Site::with_file("f", b"1");
        let _daemon = mount(&site, &["--coherence", mode]);
        assert_eq!(read(&site, "f"), b"1");
        site.settle();
        fs::write(site.source().join("f"), b"2").unwrap();
        assert_eq!(read(&site, "f"), seen, "{mode}");
    }
}

#[test]
fn a_lost_watch_is_told() {
    let site = Site::with_file("f", b"1");
    let log = site.log();
    let daemon = mount(&site, &["--log", log.to_str().unwrap()]);
    assert_eq!(read(&site, "f"), b"1");
    fs::rename(site.source(), site.top().join("elsewhere")).unwrap();
    wait_until("the loss is noticed", || scrape(&daemon).value("cachefs_watch_lost") == 1.0);
    site.wait_logged("WARN");
    fs::write(site.top().join("elsewhere/f"), b"2").unwrap();
    assert_eq!(read(&site, "f"), b"2", "it is asked at each open from then on");
}
