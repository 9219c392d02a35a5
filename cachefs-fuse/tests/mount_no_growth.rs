//! What a mount tells of `--assume-no-growth`: whether it spares anything, and that it was wrong.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod site;

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::process::Command;

use site::{Scrape, Site, run, wait_until};

const GREW: &str = "grew by somebody else; --assume-no-growth does not hold here";

/// Others make a file longer that somebody here has read, and somebody here sees it.
fn grow(site: &Site, name: &str) {
    let (there, here) = (site.source().join(name), site.mountpoint().join(name));
    let before = fs::read(&here).unwrap().len();
    OpenOptions::new().append(true).open(there).unwrap().write_all(b"+").unwrap();
    wait_until("the growth is seen", || fs::read(&here).unwrap().len() == before + 1);
}

#[test]
fn growth_is_counted_and_named_once() {
    let site = Site::new();
    fs::create_dir(site.source().join("d")).unwrap();
    ["d/f", "g"].iter().for_each(|name| fs::write(site.source().join(name), "text").unwrap());
    let log = site.log();
    let arguments = ["--assume-no-growth", "--metrics", "127.0.0.1:0", "--log", log.to_str().unwrap()];
    let daemon = site.mount(&[&["--coherence=watch"], &arguments[..]].concat());
    assert_eq!(daemon.told("assume_no_growth"), true);
    site.wait_logged("are seen at once, files grow by nobody else");
    let status = run(Command::new(env!("CARGO_BIN_EXE_cachefs")).arg("status").arg(site.mountpoint()));
    assert!(String::from_utf8_lossy(&status.stdout).contains("by nobody else"), "{status:?}");
    let scrape = || Scrape::of(daemon.told("metrics").as_str().unwrap());
    assert_eq!(scrape().value("cachefs_grown_by_others_total"), 0.0);

    grow(&site, "d/f");
    grow(&site, "g");
    let told = site.wait_logged(&format!("d/f {GREW}"));
    assert_eq!(told.matches(GREW).count(), 1, "{told}");
    assert_eq!(scrape().value("cachefs_grown_by_others_total"), 2.0);
}

#[test]
fn what_spares_nothing_is_told_so() {
    let site = Site::new();
    let log = site.log();
    let log = ["--log", log.to_str().unwrap()];
    let daemon = site.mount(&[&["--coherence=single", "--assume-no-growth"], &log[..]].concat());
    assert_eq!(daemon.told("assume_no_growth"), false);
    site.wait_logged("--assume-no-growth is needless: under single");
}
