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

use cachefs_testkit::SlowFs;
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
    mountpoint: PathBuf,
}

impl SlowSource {
    /// With 120 files in 12 directories.
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let source = dir.path().join("src");
        for number in 0..120 {
            let dir = source.join(format!("part{}", number % 12));
            fs::create_dir_all(&dir).unwrap();
            fs::write(dir.join(format!("{number}.c")), vec![b'x'; 3000]).unwrap();
        }
        let mountpoint = dir.path().join("fast");
        fs::create_dir(&mountpoint).unwrap();
        let slow = Arc::new(SlowFs::new(Arc::new(LocalFs::open(&source).unwrap())));
        let guard = MountGuard::new(slow.clone(), dir, support::uncached());
        Self { guard, slow, mountpoint }
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
    let source = SlowSource::new();
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
