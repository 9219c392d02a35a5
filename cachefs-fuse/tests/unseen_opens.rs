//! An open file sees one version, whatever becomes of its name: as in the plain directory. The kernel
//! opens it without telling.

mod site;

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::time::Duration;

use site::{Site, is_root};

/// The system tells of a change within a millisecond.
const TOLD: Duration = Duration::from_millis(300);

fn read(file: &File) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; 16];
    let length = file.read_at(&mut bytes, 0)?;
    bytes.truncate(length);
    Ok(bytes)
}

fn site() -> Site {
    let site = Site::new();
    for name in ["replaced", "removed", "stays"] {
        fs::write(site.source().join(name), b"first").expect("on a plain directory");
    }
    site
}

fn replace_and_read(site: &Site) {
    let at = |name: &str| File::open(site.mountpoint().join(name)).expect("on a plain directory");
    let (replaced, removed) = (at("replaced"), at("removed"));
    fs::write(site.top().join("new"), b"other").expect("on a plain directory");
    fs::rename(site.top().join("new"), site.source().join("replaced")).expect("on a plain directory");
    fs::remove_file(site.source().join("removed")).expect("on a plain directory");
    std::thread::sleep(TOLD); // sleep: until the change is worked in, which shows nowhere
    let found = (
        read(&replaced),
        read(&removed),
        replaced.metadata().map(|m| m.len()),
        removed.metadata().map(|m| m.len()),
    );
    assert!(matches!((&found.0, &found.1), (Ok(a), Ok(b)) if a == b"first" && b == b"first"), "{found:?}");
    assert!(found.2.is_ok() && found.3.is_ok(), "{found:?}");
}

/// The kernel knows the file from a listing: its open sends nothing, and nobody holds the file.
#[test]
fn a_listed_file_that_is_open_is_replaced_before_its_first_read() {
    let site = site();
    let _daemon = site.mount(&["--coherence=watch"]);
    std::thread::sleep(Duration::from_millis(1500)); // sleep: a directory that nobody has changed of late
    for _ in 0..2 {
        for entry in fs::read_dir(site.mountpoint()).unwrap() {
            entry.unwrap().metadata().unwrap();
        }
    }
    replace_and_read(&site);
}

/// The engine has all bytes in memory, so that the look-up opens nothing at the source.
#[test]
fn a_file_in_memory_that_is_open_is_replaced_before_its_first_read() {
    if !is_root() {
        return;
    }
    let site = site();
    let _daemon = site.mount(&["--coherence=watch"]);
    for name in ["replaced", "removed"] {
        assert_eq!(fs::read(site.mountpoint().join(name)).unwrap(), b"first");
    }
    fs::write("/proc/sys/vm/drop_caches", "2").unwrap();
    std::thread::sleep(TOLD); // sleep: until the kernel has told what it forgot
    replace_and_read(&site);
}

/// A node made through the mount is known without a handle, too.
#[test]
fn a_made_node_that_is_open_is_replaced_before_its_first_write() {
    let site = site();
    let _daemon = site.mount(&["--coherence=watch"]);
    let path = site.mountpoint().join("node");
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::RegularFile, 0o644.into(), 0).unwrap();
    let file = File::options().read(true).write(true).open(&path).unwrap();
    fs::write(site.top().join("new"), b"other").unwrap();
    fs::rename(site.top().join("new"), site.source().join("node")).unwrap();
    std::thread::sleep(TOLD); // sleep: until the change is worked in, which shows nowhere
    let written = file.write_at(b"mine", 0);
    assert!(written.is_ok(), "{written:?}");
    assert_eq!(fs::read(site.source().join("node")).unwrap(), b"other");
}
