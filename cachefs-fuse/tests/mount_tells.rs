//! What a mount by `cachefs-mount` tells about itself: statistics and metrics.

mod site;

use std::fs;

use rustix::process::Signal;
use site::{Scrape, Site};

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
