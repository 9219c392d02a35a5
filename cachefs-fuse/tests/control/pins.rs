//! Files that are pinned.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::back::{cachefs, text};
use crate::{at, done, filled, said};

#[test]
fn a_pinned_file_stays_within_its_limit_until_it_is_unpinned() {
    let site = filled();
    fs::write(site.source().join("stream"), vec![1; 8 << 20]).unwrap();
    site.settle();
    let _daemon = site.mount(&["--profile", "direct", "--memory", "1M", "--pin-max", "160K"]);
    let stream = || assert_eq!(fs::read(at(&site, "stream")).unwrap().len(), 8 << 20);
    let pinned = done("pin", &[&at(&site, "f")]);
    assert_eq!((&pinned["files"], &pinned["bytes"]), (&json!(1), &json!(131_072)));
    stream();
    let status = done("status", &[&at(&site, "f")]);
    assert_eq!((&status["cached_bytes"], &status["pinned_bytes"]), (&json!(100_000), &json!(131_072)));
    assert!(said("status", &[&at(&site, "f")]).contains("pinned        1 file, 128.00 KiB of memory"));
    let held = &done("stat", &[&site.mountpoint()])["held"];
    assert_eq!((&held["pinned_files"], &held["pinned_bytes"]), (&json!(1), &json!(131_072)));
    assert!(said("stat", &[&site.mountpoint()]).contains("pinned        1 files, 128.00 KiB of memory"));
    let listed = said("ls", &[Path::new("--cached"), &site.mountpoint()]);
    assert!(listed.contains("  f  (pinned)") && !listed.contains("d/  (pinned)"), "{listed}");
    let refused = cachefs([Path::new("pin"), &at(&site, "d/b")]);
    let told = text(&refused);
    assert!(told.contains("takes 73728 bytes, and 131072 of the 163840 bytes"), "{told}");
    assert_eq!(refused.status.code(), Some(1), "{told}");
    assert!(!cachefs([Path::new("pin"), &at(&site, "d")]).status.success(), "a directory has no contents");
    assert_eq!(cachefs([Path::new("pin"), &at(&site, "none")]).status.code(), Some(3));
    let unpinned = said("unpin", &[&at(&site, "f"), &at(&site, "d/b")]);
    assert!(unpinned.contains("1 file, 128.00 KiB of memory, may be evicted again"), "{unpinned}");
    stream();
    stream();
    assert_eq!(done("status", &[&at(&site, "f")])["cached_bytes"], 0);
    assert_eq!(done("pin", &[&at(&site, "d/b")])["bytes"], 73_728);
}
