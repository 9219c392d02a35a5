//! What a mount exports: exact numbers, for Prometheus and as a file, whatever those who ask do.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail where it stands, and say what it skips"
)]

mod site;

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use site::{PATIENCE, Scrape, Site, wait_until};

const BLOCK: usize = 64 << 10;

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Thirty reads, five writes, and a few names.
fn script(mount: &Path) {
    let file = File::open(mount.join("big")).unwrap();
    let mut buffer = vec![0; BLOCK];
    for _ in 0..3 {
        for block in 0..10 {
            assert_eq!(file.read_at(&mut buffer, block * BLOCK as u64).unwrap(), BLOCK);
        }
    }
    drop(file);
    let file = File::create(mount.join("new")).unwrap();
    for number in 0..5 {
        assert_eq!(file.write_at(&[1; 1000], number * 1000).unwrap(), 1000);
    }
    file.sync_all().unwrap();
    drop(file);
    for number in 0..4 {
        fs::symlink_metadata(mount.join(format!("missing-{number}"))).unwrap_err();
    }
    fs::remove_dir(mount.join("dir")).unwrap_err();
    fs::rename(mount.join("new"), mount.join("newer")).unwrap();
    fs::remove_file(mount.join("newer")).unwrap();
    fs::create_dir(mount.join("made")).unwrap();
}

/// With profile `direct` each call of a program is one request, and all of them are counted.
#[test]
fn counters_equal_what_a_script_did() {
    let site = Site::with_file("big", &vec![7; 10 * BLOCK]);
    fs::create_dir(site.source().join("dir")).unwrap();
    fs::write(site.source().join("dir/one"), b"1").unwrap();
    site.settle();
    let daemon = site.mount(&[
        "--metrics",
        "127.0.0.1:0",
        "--profile",
        "direct",
        "--coherence",
        "open",
        "--readahead",
        "off",
        "--memory",
        "16M",
    ]);
    let address = daemon.told("metrics").as_str().unwrap().to_owned();
    let before = Scrape::of(&address);
    script(&site.mountpoint());
    let after = Scrape::of(&address);
    for (series, value) in [
        ("cachefs_fuse_ops_total{op=\"open\",result=\"ok\"}", 1),
        ("cachefs_fuse_ops_total{op=\"create\",result=\"ok\"}", 1),
        ("cachefs_fuse_ops_total{op=\"read\",result=\"ok\"}", 30),
        ("cachefs_fuse_ops_total{op=\"read\",result=\"error\"}", 0),
        ("cachefs_fuse_op_duration_seconds_count{op=\"read\"}", 30),
        ("cachefs_fuse_ops_total{op=\"write\",result=\"ok\"}", 5),
        ("cachefs_fuse_ops_total{op=\"fsync\",result=\"ok\"}", 1),
        ("cachefs_fuse_ops_total{op=\"rename\",result=\"ok\"}", 1),
        ("cachefs_fuse_ops_total{op=\"unlink\",result=\"ok\"}", 1),
        ("cachefs_fuse_ops_total{op=\"mkdir\",result=\"ok\"}", 1),
        ("cachefs_fuse_ops_total{op=\"rmdir\",result=\"error\"}", 1),
        ("cachefs_fuse_errors_total{errno=\"ENOTEMPTY\",op=\"rmdir\"}", 1),
        ("cachefs_cache_requests_total{cache=\"data\",result=\"miss\"}", 10),
        ("cachefs_cache_requests_total{cache=\"data\",result=\"hit\"}", 20),
        ("cachefs_cache_misses_total{reason=\"cold\"}", 10),
        ("cachefs_cache_request_bytes_total{result=\"miss\"}", 10 * 65536),
        ("cachefs_cache_request_bytes_total{result=\"hit\"}", 20 * 65536),
        ("cachefs_backend_bytes_total{dir=\"read\"}", 10 * 65536),
        ("cachefs_backend_bytes_total{dir=\"write\"}", 5000),
        ("cachefs_backend_ops_total{op=\"read\",result=\"ok\"}", 10),
        ("cachefs_backend_ops_total{op=\"write\",result=\"ok\"}", 5),
        ("cachefs_cache_evictions_total{reason=\"bytes\"}", 0),
        ("cachefs_fuse_timeouts_total", 0),
    ] {
        assert_eq!(after.value(series) - before.value(series), f64::from(value), "{series}");
    }
    assert_eq!(after.value("cachefs_fuse_inflight"), 0.0);
}

/// Where it is not installed that is said; with `CACHEFS_REQUIRE_ALL` set it is a failure.
fn promtool(metrics: &str) {
    let mut command = Command::new("promtool");
    command.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            assert!(std::env::var_os("CACHEFS_REQUIRE_ALL").is_none(), "promtool is needed: {error}");
            println!("skipped: promtool is not installed ({error})");
            return;
        }
    };
    child.stdin.take().unwrap().write_all(metrics.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn a_file_is_kept_for_collectors_and_is_gone_with_the_mount() {
    let site = Site::with_file("hello", b"world");
    let (file, state) = (site.top().join("cachefs.prom"), site.top().join("state"));
    let mut daemon = site.mount(&[
        "--metrics-textfile",
        file.to_str().unwrap(),
        "--metrics-interval",
        "1s",
        "--mode",
        "back",
        "--state-dir",
        state.to_str().unwrap(),
        "--profile",
        "direct",
    ]);
    promtool(&fs::read_to_string(&file).unwrap());
    fs::write(site.mountpoint().join("new"), [1; 1000]).unwrap();
    assert_eq!(fs::read(site.mountpoint().join("new")).unwrap().len(), 1000);
    wait_until("the file tells of the write", || {
        fs::read_to_string(&file).unwrap().contains("cachefs_fuse_ops_total{op=\"write\",result=\"ok\"} 1\n")
    });
    let text = fs::read_to_string(&file).unwrap();
    promtool(&text);
    assert!(text.contains("cachefs_journal_max_bytes ") && text.contains("durability=\"journal\""), "{text}");
    daemon.signal(rustix::process::Signal::TERM);
    daemon.wait_ended();
    assert!(!file.exists(), "numbers of a mount that is gone mislead");
}

#[test]
fn a_textfile_that_cannot_be_written_is_told_at_once() {
    let site = Site::new();
    let file = site.top().join("missing/cachefs.prom");
    let output = site::run(&mut site.command(&["--metrics-textfile", file.to_str().unwrap()]));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && told.contains("--metrics-textfile"), "{told}");
    site.wait_unmounted();
}

#[test]
fn a_busy_mount_is_scraped_beside_those_who_never_end() {
    let site = Site::with_file("big", &vec![7; 10 * BLOCK]);
    let daemon = site.mount(&["--metrics", "127.0.0.1:0", "--profile", "direct"]);
    let address = daemon.told("metrics").as_str().unwrap().to_owned();
    // Some say nothing, some half, some do not take the answer.
    let _slow: Vec<TcpStream> = (0..60)
        .map(|number| {
            let mut stream = TcpStream::connect(&address).unwrap();
            stream.write_all([&b""[..], b"GET /met", b"GET /metrics HTTP/1.1\r\n\r\n"][number % 3]).unwrap();
            stream
        })
        .collect();
    let over = AtomicBool::new(false);
    let mut took: Vec<_> = std::thread::scope(|scope| {
        scope.spawn(|| {
            let file = File::open(site.mountpoint().join("big")).unwrap();
            let mut buffer = vec![0; BLOCK];
            while !over.load(Ordering::Relaxed) {
                assert_eq!(file.read_at(&mut buffer, 0).unwrap(), BLOCK);
            }
        });
        let scrape = |_| {
            let began = Instant::now();
            let answer = get(&address, "/metrics");
            assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
            began.elapsed()
        };
        let took = (0..100).map(scrape).collect();
        over.store(true, Ordering::Relaxed);
        took
    });
    took.sort();
    println!("a scrape of a busy mount: median {:?}, the 95th of 100 {:?}", took[50], took[94]);
    let text = get(&address, "/metrics");
    let (_, text) = text.split_once("\r\n\r\n").unwrap();
    println!("{} bytes", text.len());
    promtool(text);
}
