//! What a workload used is recorded, and replayed over a slow source.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod back;
mod site;
#[expect(dead_code, reason = "shared by several tests, each of which uses a part")]
mod support;

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cachefs_fuse::control::{Client, Request};
use cachefs_testkit::{CallKind, CountFs, SlowFs};
use cachefs_vfs::LocalFs;
use serde_json::json;
use site::{Daemon, Site, is_root};
use support::MountGuard;

/// What the source takes for each call.
const LATENCY: Duration = Duration::from_millis(5);

fn cachefs(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cachefs"));
    command.args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn told(arguments: &[&str]) -> serde_json::Value {
    let output = cachefs(arguments);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    // What a recorded command says comes before.
    let last = text.lines().next_back().unwrap_or_default();
    serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {text:?} {output:?}"))
}

/// Runs a script in the mount while it is recorded; the lines of the recording.
fn recorded(mount: &Path, file: &Path, script: &str) -> Vec<String> {
    let [mount, file] = [mount, file].map(|path| path.to_str().unwrap());
    let script = format!("cd {mount} && {script}");
    let end = told(&["record", "--json", "-o", file, mount, "--", "sh", "-ec", &script]);
    assert_eq!((&end["exit"], &end["overflows"]), (&json!(0), &json!(0)), "{end}");
    fs::read_to_string(file).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn what_the_kernel_answers_by_itself_is_recorded_too() {
    if !is_root() {
        return println!("skipped: only root may see what others use");
    }
    let site = Site::new();
    fs::create_dir_all(site.source().join("d/e")).unwrap();
    for name in ["d/in", "d/e/%odd\nname", "d/unused"] {
        fs::write(site.source().join(name), "text").unwrap();
    }
    let strange = std::ffi::OsStr::from_bytes(b"d/e/\xff");
    fs::write(site.source().join(strange), "text").unwrap();
    site.settle();
    let _daemon = site.mount(&["--ttl", "1h"]);
    let (mount, file) = (site.mountpoint(), site.top().join("recording"));
    // From now on the kernel has it.
    fs::read(mount.join("d/in")).unwrap();
    let script = "cat d/in d/in d/e/*; ls d; echo out > d/out; cat d/out; echo x > d/gone; rm d/gone";
    let lines = recorded(&mount, &file, script);
    assert_eq!(lines[0], "cachefs-record 1");
    let uses = |path: &str| {
        let of = |line: &String| {
            line.split_once(' ').filter(|(_, of)| *of == path).map(|(uses, _)| uses.to_owned())
        };
        lines.iter().filter_map(of).collect::<String>()
    };
    for name in ["d/in", "d/e/%25odd%0aname", "d/e/%ff"] {
        let uses = uses(name);
        assert!(
            uses.contains('o') && uses.contains('r') && !uses.contains('w'),
            "{name}: {uses} in {lines:?}"
        );
    }
    assert!(uses("d").contains('l') && uses("d/out").contains('w'), "{lines:?}");
    assert!(uses("d/unused").is_empty() && uses("recording").is_empty(), "{lines:?}");
    let failed = cachefs(&["record", "-o", "/dev/null", mount.to_str().unwrap(), "--", "false"]);
    assert_eq!(failed.status.code(), Some(1));
    let end = told(&["record", "--json", "-o", "/dev/null", "--for", "10ms", mount.to_str().unwrap()]);
    assert_eq!(end["exit"], 0);
    // What is gone since is counted, and no failure.
    fs::remove_file(mount.join("d/in")).unwrap();
    let end = told(&["warm", "--json", "--replay", file.to_str().unwrap(), mount.to_str().unwrap()]);
    assert_eq!((&end["files"], &end["missing"]), (&json!(1), &json!(1)), "{end}");
    let not = cachefs(&["warm", "--replay", "/dev/null", mount.to_str().unwrap()]);
    assert!(not.status.code() == Some(1) && back::text(&not).contains("no recording"), "{not:?}");
}

/// A source beneath a mount of its own, by which each call takes its time, and the slowness.
struct SlowSource {
    guard: MountGuard,
    slow: Arc<SlowFs>,
    counts: Arc<CountFs>,
    mountpoint: PathBuf,
}

impl SlowSource {
    /// With so many files, 3000 bytes each, in 12 directories.
    fn new(files: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let source = dir.path().join("src");
        for number in 0..files {
            let dir = source.join(format!("part{}", number % 12));
            fs::create_dir_all(&dir).unwrap();
            fs::write(dir.join(format!("{number}.c")), vec![b'x'; 3000]).unwrap();
        }
        let mountpoint = dir.path().join("fast");
        fs::create_dir(&mountpoint).unwrap();
        let counts = Arc::new(CountFs::new(Arc::new(LocalFs::open(&source).unwrap())));
        let slow = Arc::new(SlowFs::new(counts.clone()));
        let guard = MountGuard::new(slow.clone(), dir, support::uncached());
        Self { guard, slow, counts, mountpoint }
    }

    /// Of the files beneath, one for each file.
    fn reads(&self) -> u64 {
        self.counts.snapshot().of(CallKind::Read)
    }

    /// A mount that has nothing in memory.
    fn cold(&self) -> Daemon {
        let mut command = site::bare();
        command.arg(self.guard.at("")).arg(&self.mountpoint).args(["--coherence", "single", "--json"]);
        Daemon::from_ready_line(&site::run(&mut command))
    }

    fn uncover(&self, daemon: Daemon) {
        let end = cachefs(&["umount", self.mountpoint.to_str().unwrap()]);
        assert_eq!(end.status.code(), Some(0), "{end:?}");
        drop(daemon);
        let table = || fs::read_to_string("/proc/self/mountinfo").unwrap();
        site::wait_until("it is unmounted", || !table().contains(self.mountpoint.to_str().unwrap()));
    }
}

#[test]
fn a_replayed_build_is_at_least_five_times_faster() {
    if !is_root() {
        return println!("skipped: only root may see what others use");
    }
    let source = SlowSource::new(120);
    let mount = source.mountpoint.to_str().unwrap();
    let file = source.guard.beneath("../recording");
    let file = file.to_str().unwrap();
    let script =
        "ls > /dev/null; for f in part*/*.c; do read -r line < $f || true; done; cat part*/*.c | wc -c";
    let daemon = source.cold();
    let lines = recorded(&source.mountpoint, Path::new(file), script);
    assert!(lines.iter().filter(|line| line.ends_with(".c")).count() >= 120);
    source.uncover(daemon);
    source.slow.set_latency(LATENCY);
    let build = || {
        let began = Instant::now();
        assert_eq!(support::run(&source.mountpoint, false, script), "360000");
        began.elapsed()
    };
    let daemon = source.cold();
    let unwarmed = build();
    source.uncover(daemon);
    let daemon = source.cold();
    let began = Instant::now();
    let end = told(&["warm", "--json", "--replay", file, mount]);
    let (replay, warmed) = (began.elapsed(), build());
    println!("unwarmed {unwarmed:?}; replay {replay:?}, then {warmed:?}: {}", end);
    assert_eq!(
        (&end["files"], &end["missing"], &end["errors"]),
        (&json!(120), &json!(0), &json!(0)),
        "{end}"
    );
    assert!(unwarmed > warmed * 5, "{unwarmed:?} unwarmed, {warmed:?} warmed");
    source.uncover(daemon);
}

#[test]
fn progress_is_never_far_from_the_truth() {
    let source = SlowSource::new(10_000);
    source.slow.set_latency(Duration::from_micros(200));
    let daemon = source.cold();
    let client = || Client::connect(Path::new(daemon.told("control").as_str().unwrap())).unwrap();
    let arguments = json!({ "globs": ["**"], "workers": 8 });
    let (mut reports, mut worst) = (0, 0.0_f64);
    let before = source.reads();
    let call = client().call(&Request::new("warm", arguments.clone()), |far| {
        let truth = (source.reads() - before) as f64;
        let files = far["files"].as_u64().unwrap() as f64;
        assert!(far["files"].as_u64() <= far["files_found"].as_u64(), "{far:?}");
        (reports, worst) = (reports + 1, worst.max((truth - files).abs() / 10_000.0));
    });
    let end = call.unwrap();
    println!("{reports} reports, at most {:.2} % of all files from the truth", worst * 100.0);
    assert_eq!((&end["files"], &end["bytes"]), (&json!(10_000), &json!(30_000_000)), "{end:?}");
    assert!(reports > 3 && worst < 0.02, "{reports} reports, {worst}");
    source.uncover(daemon);
}

#[test]
fn interrupting_ends_it_within_a_second() {
    let source = SlowSource::new(10_000);
    let daemon = source.cold();
    source.slow.set_latency(LATENCY);
    let before = source.reads();
    // Who runs this in the background may have had the signal ignored, which is handed down.
    let mut command = Command::new("env");
    command.args(["--default-signal=INT", env!("CARGO_BIN_EXE_cachefs"), "warm"]);
    let mut warming = command.arg(&source.mountpoint).spawn().unwrap();
    site::wait_until("some are read", || source.reads() > before + 100);
    let pid = rustix::process::Pid::from_child(&warming);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let began = Instant::now();
    assert!(!warming.wait().unwrap().success());
    let second = began + Duration::from_secs(1);
    site::wait_until("a second is over", || Instant::now() > second);
    let after = source.reads();
    let later = second + Duration::from_millis(500);
    site::wait_until("some time is over", || Instant::now() > later);
    println!("cancelled after {} of 10000 files", after - before);
    assert!(source.reads() == after && after - before < 9_000, "{} then {}", after, source.reads());
    source.uncover(daemon);
}
