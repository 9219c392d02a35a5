//! What was written synchronously is durable when the writer goes on; what takes long is done in parts.

#[expect(dead_code, reason = "shared by several tests, each of which uses a part")]
mod support;

use std::fs::File;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::sync::Arc;

use cachefs_fuse::MountConfig;
use cachefs_testkit::{CallKind, CountFs};
use cachefs_vfs::{MemFs, Vfs};
use rustix::fs::OFlags;
use support::{MountGuard, config};

const PAGE: usize = 4096;

fn counting(config: MountConfig) -> (MountGuard, Arc<CountFs>) {
    let counts = Arc::new(CountFs::new(Arc::new(MemFs::new())));
    let dir = tempfile::tempdir().expect("a directory");
    (MountGuard::new(Arc::clone(&counts) as Arc<dyn Vfs>, dir, config), counts)
}

#[test]
fn every_kind_of_synchronous_write_is_synced() {
    let (fs, counts) = counting(config());
    let kinds = [
        ("plain", OFlags::empty(), 0),
        ("dsync", OFlags::DSYNC, 1),
        ("sync", OFlags::SYNC, 1),
        ("direct", OFlags::DIRECT, 0),
        ("direct dsync", OFlags::DIRECT | OFlags::DSYNC, 1),
        ("direct sync", OFlags::DIRECT | OFlags::SYNC, 1),
        ("appending direct sync", OFlags::DIRECT | OFlags::SYNC | OFlags::APPEND, 1),
    ];
    for (name, flags, syncs) in kinds {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).custom_flags(flags.bits().cast_signed());
        let file = options.open(fs.at(name)).unwrap();
        counts.reset();
        assert_eq!(rustix::io::write(&file, &[b'x'; PAGE]).unwrap(), PAGE);
        assert_eq!(counts.snapshot().of(CallKind::SyncFile), syncs, "{name}");
    }
}

#[test]
fn a_long_copy_is_made_in_parts() {
    let (fs, counts) = counting(config());
    let length = 200 << 20;
    let from = File::create(fs.at("from")).unwrap();
    from.set_len(length).unwrap();
    from.write_all_at(b"end", length - 3).unwrap();
    assert_eq!(std::fs::copy(fs.at("from"), fs.at("to")).unwrap(), length);
    let mut end = [0; 3];
    File::open(fs.at("to")).unwrap().read_exact_at(&mut end, length - 3).unwrap();
    assert_eq!(&end, b"end");
    let parts = counts.snapshot().of(CallKind::CopyRange);
    assert!(parts >= 4, "{parts} parts");
}
