//! Prometheus' own tool finds nothing to say about what is exported and shipped. Where it is not installed
//! (Debian: package prometheus), that is said; with `CACHEFS_REQUIRE_ALL` set it is a failure.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail where it stands, and say what it skips"
)]

use std::fs::File;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use cachefs::CacheFs;
use cachefs_metrics::Export;
use cachefs_vfs::{MemFs, VfsExt};

fn promtool(arguments: &[&str], input: &str) -> Option<Output> {
    let scratch =
        std::env::temp_dir().join(format!("cachefs-promtool-{}-{}", std::process::id(), arguments[1]));
    std::fs::write(&scratch, input).unwrap();
    let mut command = Command::new("promtool");
    command
        .args(arguments)
        .stdin(File::open(&scratch).unwrap())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let output = command.output();
    std::fs::remove_file(&scratch).unwrap();
    match output {
        Ok(output) => Some(output),
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
