//! Files reached by handle, as an NFS server does, also after the kernel forgot them. Needs root.

#[expect(dead_code, reason = "shared by several tests, each of which uses a part")]
mod support;

use std::fs::{self, File};
use std::io::Read;
use std::os::fd::AsFd;
use std::path::Path;

use cachefs_sys::handle::{self, FileHandle};
use rustix::fs::{CWD, OFlags};
use rustix::io::Errno;
use support::{eventually, is_root, local, uncached};

fn handle_of(path: &Path) -> FileHandle {
    handle::of_name(CWD, path).expect("a handle")
}

fn open(mount: &File, handle: &FileHandle) -> Result<File, Errno> {
    handle::open(mount.as_fd(), handle, OFlags::RDONLY).map(File::from)
}

/// Makes the kernel forget what it does not need. Others may keep it busy: hence a bound, not one try.
fn forget(fs: &support::MountGuard) {
    eventually("forgetting", || {
        fs::write("/proc/sys/vm/drop_caches", "2").expect("root may drop caches");
        fs.mount().requests().inodes <= 1
    });
}

#[test]
fn handles_outlive_the_caches_and_end_with_the_file() {
    if !is_root() {
        return println!("skipped: needs root");
    }
    let fs = local(uncached());
    fs::create_dir_all(fs.at("a/b/c")).unwrap();
    fs::write(fs.at("a/b/f"), "found").unwrap();
    let (file, dir) = (handle_of(&fs.at("a/b/f")), handle_of(&fs.at("a/b/c")));
    forget(&fs);
    let mount = File::open(fs.at("")).unwrap();
    let mut text = String::new();
    open(&mount, &file).unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "found");
    let reached = open(&mount, &dir).unwrap();
    assert!(rustix::fs::statat(&reached, "../f", rustix::fs::AtFlags::empty()).is_ok());
    drop(reached);
    drop(mount);

    fs::remove_file(fs.at("a/b/f")).unwrap();
    forget(&fs);
    let mount = File::open(fs.at("")).unwrap();
    assert_eq!(open(&mount, &file).map(drop), Err(Errno::STALE));
    // A new file may get the old number, and must not be taken for the old one.
    for n in 0..50 {
        fs::write(fs.beneath(format!("a/b/{n}")), "other").unwrap();
    }
    assert_eq!(open(&mount, &file).map(drop), Err(Errno::STALE));
}
