//! What was written synchronously is durable when the writer goes on.

#[expect(dead_code, reason = "shared by several tests, each of which uses a part")]
mod support;

use std::os::unix::fs::OpenOptionsExt;
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
