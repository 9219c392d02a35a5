//! What `user.cachefs.*` says of files and directories.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail where it stands, and say what it skips"
)]

mod site;

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::fs::{XattrFlags, getxattr, listxattr, removexattr, setxattr};
use rustix::io::Errno;
use rustix::process::Signal;
use site::{Scrape, Site};

fn get(path: &Path, name: &str) -> Result<String, Errno> {
    let mut value = [0; 256];
    let length = getxattr(path, name, &mut value[..])?;
    Ok(String::from_utf8_lossy(&value[..length]).into_owned())
}

fn own(path: &Path, name: &str) -> Result<String, Errno> {
    get(path, &format!("user.cachefs.{name}"))
}

fn list(path: &Path) -> Vec<String> {
    let mut names = [0; 4096];
    let length = listxattr(path, &mut names[..]).unwrap();
    let names = String::from_utf8_lossy(&names[..length]).into_owned();
    names.split_terminator('\0').filter(|name| name.starts_with("user.")).map(str::to_owned).collect()
}

#[test]
fn files_and_directories_say_how_they_are_cached() {
    let site = Site::with_file("big", &vec![7; 200_000]);
    fs::create_dir(site.source().join("dir")).unwrap();
    if setxattr(site.source().join("big"), "user.cachefs.status", b"theirs", XattrFlags::empty()).is_err() {
        return println!("skipped: no user xattrs in the directory for temporary files");
    }
    site.settle();
    let state = site.top().join("state");
    let mut daemon = site.mount(&[
        "--metrics",
        "127.0.0.1:0",
        "--readahead",
        "off",
        "--mode",
        "back",
        "--flush-after",
        "1h",
        "--dirty-age",
        "2h",
        "--state-dir",
        state.to_str().unwrap(),
    ]);
    let address = daemon.told("metrics").as_str().unwrap().to_owned();
    let (big, dir) = (site.mountpoint().join("big"), site.mountpoint().join("dir"));

    assert_eq!(own(&big, "status").as_deref(), Ok("uncached"));
    assert_eq!(own(&big, "cached_percent").as_deref(), Ok("0"));
    fs::read(&big).unwrap();
    dir.metadata().unwrap();
    let before = Scrape::of(&address).sum("cachefs_backend_ops_total");
    for _ in 0..100 {
        assert_eq!(own(&big, "status").as_deref(), Ok("cached"));
        assert_eq!(own(&big, "cached_percent").as_deref(), Ok("100"));
        assert_eq!(own(&big, "dirty_bytes").as_deref(), Ok("0"));
        assert_eq!(own(&dir, "status").as_deref(), Ok("directory"));
    }
    let version = own(&big, "version").unwrap();
    assert!(version.starts_with("size=200000 mtime="), "{version}");
    assert!(own(&dir, "version").is_ok());
    for (path, name) in [(&big, "nonsense"), (&big, ""), (&dir, "cached_percent"), (&dir, "dirty_bytes")] {
        assert_eq!(own(path, name), Err(Errno::NODATA), "{name}");
    }
    let after = Scrape::of(&address).sum("cachefs_backend_ops_total");
    assert_eq!(after, before, "the source was asked");

    let file = fs::File::options().write(true).open(&big).unwrap();
    file.write_all_at(&[8; 5000], 100).unwrap();
    assert_eq!(own(&big, "status").as_deref(), Ok("dirty"));
    assert_eq!(own(&big, "dirty_bytes").as_deref(), Ok("5000"));
    assert_ne!(own(&big, "version").unwrap(), version);
    drop(file);

    for name in ["user.cachefs.status", "user.cachefs.pin"] {
        assert_eq!(setxattr(&big, name, b"1", XattrFlags::empty()), Err(Errno::PERM), "{name}");
        assert_eq!(removexattr(&big, name), Err(Errno::PERM), "{name}");
    }
    setxattr(&big, "user.cachefsx", b"red", XattrFlags::empty()).unwrap();
    assert_eq!(get(&big, "user.cachefsx").as_deref(), Ok("red"));
    assert_eq!(list(&big), ["user.cachefsx"], "ours are hidden");
    assert_eq!(get(&site.source().join("big"), "user.cachefsx").as_deref(), Ok("red"));
    removexattr(&big, "user.cachefsx").unwrap();
    assert_eq!(get(&big, "user.cachefsx"), Err(Errno::NODATA));
    daemon.signal(Signal::TERM);
    daemon.wait_ended();
    assert_eq!(get(&site.source().join("big"), "user.cachefs.status").as_deref(), Ok("theirs"));
}
