//! The comparison of mounts runs through, on a small tree.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use rustix::process::{Pid, Signal};

/// Runs it with everything in `dir`.
fn mounts(dir: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mounts"));
    command.args(["--quick", "--dir"]).arg(dir).args(arguments).stdin(Stdio::null());
    command.output().unwrap()
}

fn is_empty(dir: &Path) -> bool {
    std::fs::read_dir(dir).unwrap().next().is_none()
}

#[test]
fn every_workload_runs_on_the_directory_itself() {
    let dir = tempfile::tempdir().unwrap();
    let json = dir.path().with_extension("json");
    let output = mounts(dir.path(), &["--contenders", "native", "--json", json.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    let figures: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    std::fs::remove_file(&json).unwrap();
    let results = figures["results"].as_array().unwrap();
    assert_eq!(results.len(), 18);
    for result in results {
        let python_is_missing = result["workload"] == "mapped" && result["failure"].is_string();
        assert!(result["ratio"].as_f64().is_some_and(|ratio| ratio > 0.0) || python_is_missing, "{result}");
    }
    assert!(is_empty(dir.path()), "the tree is removed");
}

#[test]
fn who_is_missing_is_named_and_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let arguments =
        ["--contenders", "native,rclone", "--rclone", "/nowhere/rclone", "--workloads", "stat,missing"];
    let output = mounts(dir.path(), &arguments);
    assert!(output.status.success(), "{output:?}");
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("rclone skipped: no /nowhere/rclone"),
        "{output:?}"
    );
    let table = String::from_utf8_lossy(&output.stdout);
    assert!(table.contains("| native") && !table.contains("rclone"), "{table}");
}

#[test]
fn who_cannot_be_mounted_fails_and_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let arguments = ["--contenders", "bindfs", "--bindfs", "/bin/true", "--workloads", "stat"];
    let output = mounts(dir.path(), &arguments);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("bindfs, stat: not mounted, exit status: 0"), "{text}");
    assert!(is_empty(dir.path()), "the tree is removed");
}

#[test]
fn a_signal_stops_it_and_nothing_is_left_behind() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mounts"));
    command.args([
        "--quick",
        "--rounds",
        "1000000",
        "--contenders",
        "native",
        "--workloads",
        "stat",
        "--dir",
    ]);
    let mut child = command.arg(dir.path()).stderr(Stdio::piped()).stdin(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.starts_with("round 1 ")), "it began");
    rustix::process::kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert!(lines.any(|line| line == "mounts: stopped"));
    assert!(!child.wait().unwrap().success());
    assert!(is_empty(dir.path()), "the tree is removed");
}
