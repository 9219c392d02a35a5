//! The comparison runs through, with as little as there is.

use std::fs;
use std::process::{Command, Stdio};

const DOCUMENT: &str = "above\n<!-- compare: begin (written by `cargo xtask compare`) -->\nold\n\
                        <!-- compare: end -->\nbelow\n";

#[test]
fn a_comparison_writes_tables_charts_and_figures() {
    let dir = tempfile::tempdir().unwrap();
    let (document, charts, json) =
        (dir.path().join("C.md"), dir.path().join("charts"), dir.path().join("c.json"));
    fs::write(&document, DOCUMENT).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_compare"));
    command.args(["--scale", "tiny", "--rounds", "2", "--document"]).arg(&document);
    command.arg("--charts").arg(&charts).arg("--json").arg(&json).stdin(Stdio::null());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");

    let goals = String::from_utf8(output.stdout).unwrap();
    assert!(goals.contains("read hit 1 KiB: backing calls") && goals.contains("reached"), "{goals}");
    let unmeasured: Vec<_> = goals.lines().filter(|line| line.contains("not measured")).collect();
    assert!(unmeasured.iter().all(|line| line.contains("quick_cache") || line.contains("moka")), "{goals}");

    let text = fs::read_to_string(&document).unwrap();
    assert!(text.starts_with("above\n") && text.ends_with("below\n") && !text.contains("\nold\n"), "{text}");
    let shown: Vec<&str> =
        text.split("(docs/charts/").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert_eq!(shown.len(), 7, "{text}");
    for chart in shown {
        assert!(fs::read_to_string(charts.join(chart)).unwrap().contains("</svg>"), "{chart}");
    }

    let figures: serde_json::Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    let results = figures["results"].as_array().unwrap();
    assert!(results.len() > 200, "{}", results.len());
    for result in results {
        assert_eq!(result["nanos"]["rounds"].as_array().unwrap().len(), 2, "{result}");
        assert!(result["nanos"]["median"].as_f64().unwrap() > 0.0, "{result}");
    }
}

#[test]
fn a_document_without_markers_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let document = dir.path().join("C.md");
    fs::write(&document, "by hand\n").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_compare"));
    command.args(["--scale", "tiny", "--rounds", "1", "--document"]).arg(&document);
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("compare: begin"), "{output:?}");
    assert_eq!(fs::read_to_string(&document).unwrap(), "by hand\n");
}
