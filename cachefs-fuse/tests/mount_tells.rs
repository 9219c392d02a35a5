//! What a mount by `cachefs-mount` tells about itself: its log, statistics and metrics.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod site;

use std::fs;
use std::os::unix::net::UnixDatagram;

use rustix::process::Signal;
use site::{Daemon, PATIENCE, Scrape, Site, run};

#[test]
fn sigusr1_writes_statistics_to_the_log() {
    let site = Site::with_file("hello", b"world");
    let log = site.log();
    let daemon = site.mount(&["--log", log.to_str().unwrap()]);
    fs::read(site.mountpoint().join("hello")).unwrap();
    daemon.signal(Signal::USR1);
    let told = site.wait_logged("requests");
    assert!(told.contains("blocks hits=0 misses=1"), "{told}");
    assert!(told.contains("mode through"), "{told}");
    assert!(told.contains(" watch events=") && told.contains("notices to the kernel sent="), "{told}");
}

#[test]
fn a_scrape_shows_exactly_what_was_done() {
    // Four blocks of 64 KiB, the last one short.
    let site = Site::with_file("big", &vec![7; 200_000]);
    fs::create_dir_all(site.source().join("dir/sub")).unwrap();
    site.settle();
    let daemon =
        site.mount(&["--metrics", "127.0.0.1:0", "--readahead", "off", "--ttl", "1h", "--memory", "16M"]);
    let address = daemon.told("metrics").as_str().unwrap().to_owned();
    let path = site.mountpoint().join("big");
    assert_eq!(fs::read(&path).unwrap().len(), 200_000);
    fs::remove_dir(site.mountpoint().join("dir")).unwrap_err();

    let first = Scrape::of(&address);
    for (series, value) in [
        ("cachefs_backend_bytes_total{dir=\"read\"}", 200_000.0),
        ("cachefs_cache_requests_total{cache=\"data\",result=\"miss\"}", 4.0),
        ("cachefs_cache_misses_total{reason=\"cold\"}", 4.0),
        ("cachefs_cache_requests_total{cache=\"data\",result=\"bypass\"}", 0.0),
        ("cachefs_cache_entries{cache=\"data\"}", 4.0),
        ("cachefs_cache_capacity_bytes{tier=\"memory\"}", f64::from(16 << 20)),
        ("cachefs_fuse_ops_total{op=\"open\",result=\"ok\"}", 1.0),
        ("cachefs_fuse_ops_total{op=\"rmdir\",result=\"error\"}", 1.0),
        ("cachefs_fuse_errors_total{errno=\"ENOTEMPTY\",op=\"rmdir\"}", 1.0),
        ("cachefs_backend_ops_total{op=\"write\",result=\"ok\"}", 0.0),
        ("cachefs_backend_inflight", 0.0),
    ] {
        assert_eq!(first.value(series), value, "{series}");
    }
    let reads = first.value("cachefs_fuse_op_duration_seconds_count{op=\"read\"}");
    assert!(reads > 0.0 && first.value("cachefs_fuse_ops_total{op=\"read\",result=\"ok\"}") == reads);
    assert!(first.has("cachefs_build_info") && first.has("cachefs_mount_info"));

    fs::write(site.mountpoint().join("new"), [1; 1000]).unwrap();
    let second = Scrape::of(&address);
    assert_eq!(second.value("cachefs_backend_bytes_total{dir=\"write\"}"), 1000.0);
    assert_eq!(second.value("cachefs_backend_bytes_total{dir=\"read\"}"), 200_000.0);
}

/// Receives until a line holds a text, and answers that line.
fn hear(syslog: &UnixDatagram, text: &str) -> String {
    loop {
        let mut line = [0; 16 * 1024];
        let length = syslog.recv(&mut line).unwrap_or_else(|error| panic!("waited in vain: {text}: {error}"));
        let line = String::from_utf8_lossy(&line[..length]).into_owned();
        if line.contains(text) {
            return line;
        }
    }
}

#[test]
fn without_a_log_file_the_background_tells_syslog() {
    let site = Site::with_file("hello", b"world");
    let place = site.top().join("dev-log");
    let syslog = UnixDatagram::bind(&place).unwrap();
    syslog.set_read_timeout(Some(PATIENCE)).unwrap();
    let output = run(site.command(&["--json"]).env("CACHEFS_INTERNAL_SYSLOG", &place));
    let mut daemon = Daemon::from_ready_line(&output);
    let tag = format!("cachefs-mount[{}]: ", daemon.pid().as_raw_nonzero());
    assert!(hear(&syslog, "mode through").starts_with(&format!("<30>{tag}")));
    let held = fs::File::open(site.mountpoint().join("hello")).unwrap();
    daemon.signal(Signal::TERM);
    let told = hear(&syslog, "is busy");
    assert!(told.starts_with(&format!("<28>{tag}")) && told.contains("holds"), "{told}");
    drop(held);
    daemon.wait_ended();
}

#[test]
fn a_syslog_that_is_absent_or_takes_nothing_does_not_matter() {
    let site = Site::with_file("hello", b"world");
    let place = site.top().join("dev-log");
    let lives = || {
        let mut command = site.command(&["--json", "-vv"]);
        let mut daemon = Daemon::from_ready_line(&run(command.env("CACHEFS_INTERNAL_SYSLOG", &place)));
        for _ in 0..100 {
            fs::read_dir(site.mountpoint()).unwrap().for_each(drop);
        }
        daemon.signal(Signal::TERM);
        daemon.wait_ended();
    };
    lives();
    let _unread = UnixDatagram::bind(&place).unwrap();
    lives();
}
