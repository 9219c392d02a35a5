//! The comparison of ways to write runs through, with few bytes.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs it with everything in `dir`.
fn writeback(dir: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_writeback"));
    command.args(["--quick", "--dir"]).arg(dir).args(arguments).stdin(Stdio::null());
    command.output().unwrap()
}

#[test]
fn every_case_has_figures_of_each_contender() {
    let dir = tempfile::tempdir().unwrap();
    let json = dir.path().with_extension("json");
    let output = writeback(dir.path(), &["--json", json.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    let figures: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    std::fs::remove_file(&json).unwrap();
    let results = figures["results"].as_array().unwrap();
    assert_eq!(results.len(), 7 + 7 + 5 + 4 + 4 + 3 + 1);
    for result in results {
        assert!(result["failure"].is_null(), "{result}");
        let seen = result["figures"].as_object().unwrap();
        assert!(
            seen.values().all(|figure| figure["median"].as_f64().is_some_and(|value| value > 0.0)),
            "{result}"
        );
    }
    assert!(std::fs::read_dir(dir.path()).unwrap().next().is_none(), "what was written is removed");
}

#[test]
fn a_case_that_is_not_there_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let output = writeback(dir.path(), &["--cases", "overwrites"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("no case `overwrites`"), "{output:?}");
}
