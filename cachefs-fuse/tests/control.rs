//! The control command and its protocol, on live mounts.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod back;
mod site;

#[path = "control/files.rs"]
mod files;
#[path = "control/hostile.rs"]
mod hostile;
#[path = "control/pages.rs"]
mod pages;
#[path = "control/pins.rs"]
mod pins;
#[path = "control/protocol.rs"]
mod protocol;
#[path = "control/reports.rs"]
mod reports;
#[path = "control/sockets.rs"]
mod sockets;
#[path = "control/warming.rs"]
mod warming;

use std::path::{Path, PathBuf};

use back::{cachefs, text, told};
use serde_json::Value;
use site::Site;

/// A source with some files: `f` of 100,000 bytes, `d/a` of 10, `d/b` of 70,000, `d/e/c` of none.
fn filled() -> Site {
    let site = Site::new();
    std::fs::create_dir_all(site.source().join("d/e")).unwrap();
    for (name, length) in [("f", 100_000), ("d/a", 10), ("d/b", 70_000), ("d/e/c", 0)] {
        std::fs::write(site.source().join(name), vec![7; length]).unwrap();
    }
    site.settle();
    site
}

/// What a verb says to people, which it must do well.
fn said(verb: &str, arguments: &[&Path]) -> String {
    let words = [Path::new(verb)].into_iter().chain(arguments.iter().copied());
    let output = cachefs(words);
    assert_eq!(output.status.code(), Some(0), "{verb}: {output:?}");
    text(&output)
}

/// What a verb tells programs, which it must do well.
fn done(verb: &str, arguments: &[&Path]) -> Value {
    let (code, value) = told(verb, arguments);
    assert_eq!(code, 0, "{verb}: {value}");
    value
}

fn at(site: &Site, path: &str) -> PathBuf {
    site.mountpoint().join(path)
}
