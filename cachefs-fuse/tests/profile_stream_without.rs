//! The profile in which the kernel serves files by itself, where it cannot.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail where it stands, and says what it skips"
)]

#[expect(dead_code, reason = "shared by several tests, each of which uses a part")]
mod support;

use std::fs;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use cachefs_fuse::{MountConfig, Op, Profile};
use cachefs_vfs::MemFs;
use support::{MountGuard, config, local};

fn is_ours() -> bool {
    if !support::is_root() {
        assert!(std::env::var_os("CACHEFS_REQUIRE_ALL").is_none(), "needed: root");
        println!("skipped: needs root");
    }
    support::is_root()
}

fn streaming() -> MountConfig {
    MountConfig { profile: Profile::Stream, ..config() }
}

/// Whether bytes were asked for, or given, by request.
fn has_moved(mounted: &MountGuard) -> bool {
    let ops = mounted.mount().requests().ops;
    ops.iter().any(|op| matches!(op.op, Op::Read | Op::Write) && op.received > 0)
}

/// Reads and writes a file through several descriptors.
fn use_file(mounted: &MountGuard) {
    let path = mounted.at("f");
    fs::write(&path, "0123456789").unwrap();
    let open = || fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
    let (one, other, reader) = (open(), open(), fs::File::open(&path).unwrap());
    one.write_all_at(b"ab", 0).unwrap();
    other.write_all_at(b"cd", 8).unwrap();
    let mut bytes = [0; 10];
    reader.read_exact_at(&mut bytes, 0).unwrap();
    assert_eq!(&bytes, b"ab234567cd");
    fs::remove_file(&path).unwrap();
    one.write_all_at(b"more", 10).unwrap();
    assert_eq!(reader.metadata().unwrap().len(), 14);
}

#[test]
fn a_file_without_a_descriptor_is_cached() {
    if !is_ours() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mounted = MountGuard::new(Arc::new(MemFs::new()), dir, streaming());
    assert_eq!(mounted.mount().profile(), Profile::Stream, "other files of it might");
    use_file(&mounted);
}

/// What lies deeper than was said to the kernel is not taken by it.
#[test]
fn a_file_that_the_kernel_refuses_is_cached() {
    if !is_ours() {
        return;
    }
    let below = local(streaming());
    let (source, dir) = (below.at("source"), tempfile::tempdir().unwrap());
    fs::create_dir(&source).unwrap();
    let fs = cachefs_vfs::LocalFs::open(&source).unwrap();
    let mounted = MountGuard::new(Arc::new(fs), dir, streaming());
    use_file(&mounted);
    assert!(has_moved(&mounted), "which files pass through is another test's");
    drop(mounted);
    let fs = cachefs_vfs::LocalFs::open(&source).unwrap();
    let deeper = MountConfig { stack_depth: 2, ..streaming() };
    let mounted = MountGuard::new(Arc::new(fs), tempfile::tempdir().unwrap(), deeper);
    use_file(&mounted);
    assert!(!has_moved(&mounted), "this deep is what was said");
}
