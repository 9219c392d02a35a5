//! Prometheus' own tool finds nothing to say about what is exported and shipped. Where it is not installed
//! (Debian: package prometheus), that is said; with `CACHEFS_REQUIRE_ALL` set it is a failure.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail where it stands, and say what it skips"
)]

use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use cachefs::CacheFs;
use cachefs_metrics::Export;
use cachefs_vfs::{MemFs, VfsExt};

fn promtool(arguments: &[&str], input: &str) -> Option<Output> {
    let mut command = Command::new("promtool");
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    match command.spawn() {
        Ok(mut child) => {
            child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
            Some(child.wait_with_output().unwrap())
        }
        Err(error) => {
            assert!(std::env::var_os("CACHEFS_REQUIRE_ALL").is_none(), "promtool is needed: {error}");
            println!("skipped: promtool is not installed ({error})");
            None
        }
    }
}

#[test]
fn what_is_exported_is_clean() {
    let source = Arc::new(MemFs::new());
    VfsExt::write(&*source, "file", &[7; 300_000]).unwrap();
    let cache = CacheFs::builder(source).build().unwrap();
    VfsExt::read(&cache, "file").unwrap();
    VfsExt::read(&cache, "file").unwrap();
    let Some(output) = promtool(&["check", "metrics"], &cache.export_prometheus()) else { return };
    assert!(output.status.success() && output.stderr.is_empty() && output.stdout.is_empty(), "{output:?}");
}

#[test]
fn the_alert_rules_are_clean() {
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/../../dist/prometheus/cachefs.rules.yml");
    let Some(output) = promtool(&["check", "rules", rules], "") else { return };
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn each_alert_fires_for_what_it_is_about_and_none_otherwise() {
    let cases = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/alerts.yml");
    let Some(output) = promtool(&["test", "rules", cases], "") else { return };
    assert!(output.status.success(), "{output:?}");
}
