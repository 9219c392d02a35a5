use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use cachefs_vfs::{
    AllocateHow, Errno, MemFs, Mode, NodeKind, Privileges::Keep, RemoveKind, Time, Vfs, VfsExt,
};

use super::{create, n, owner, refused, root};

#[test]
fn bytes_run_out_and_come_back() {
    let fs = MemFs::builder().capacity_bytes(10 * 4096).build();
    let file = create(&*root(&fs), "f");
    assert_eq!(file.write_at(&[1; 100_000], 0, Keep), Ok(40_960));
    refused(file.write_at(b"x", 40_960, Keep), Errno::NOSPC);
    assert_eq!(file.write_at(b"x", 0, Keep), Ok(1), "what is there may be overwritten");
    let free = || fs.stat_fs().unwrap().blocks_free;
    assert_eq!((fs.stat_fs().unwrap().blocks, free()), (10, 0));
    file.set_len(4096, Keep).unwrap();
    assert_eq!(free(), 9);
    refused(file.allocate(AllocateHow::Grow, 0, 11 * 4096, Keep), Errno::NOSPC);
    assert_eq!((free(), file.attr().unwrap().size), (9, 4096), "a failed reservation takes nothing");
    drop(file);
    root(&fs).remove(n("f"), RemoveKind::File).unwrap();
    assert_eq!(free(), 10);
}

#[test]
fn inodes_run_out_and_come_back() {
    let fs = MemFs::builder().capacity_inodes(1).build();
    fs.write("a", b"").unwrap();
    let node = |name| root(&fs).make_node(n(name), NodeKind::Fifo, Mode::new(0o644), &owner(0, 0, 0));
    refused(node("b"), Errno::NOSPC);
    refused(node("a"), Errno::EXIST);
    fs.remove_file("a").unwrap();
    assert!(node("b").is_ok());
    assert_eq!(fs.stat_fs().unwrap().files_free, 0);
}

#[test]
fn files_end_at_their_longest() {
    let fs = MemFs::builder().file_size_max(10_000).build();
    let file = create(&*root(&fs), "f");
    assert_eq!(file.write_at(&[1; 100], 9_950, Keep), Ok(50));
    refused(file.write_at(b"x", 10_000, Keep), Errno::FBIG);
    refused(file.write_at(b"x", u64::MAX, Keep), Errno::FBIG);
    refused(file.append(b"x", Keep), Errno::FBIG);
    refused(file.set_len(10_001, Keep), Errno::FBIG);
    refused(file.allocate(AllocateHow::Grow, u64::MAX, 2, Keep), Errno::FBIG);
    refused(file.allocate(AllocateHow::Insert, 0, 4096, Keep), Errno::FBIG);
}

#[test]
fn a_huge_hole_costs_nothing() {
    let fs = MemFs::builder().capacity_bytes(1 << 20).build();
    let file = create(&*root(&fs), "f");
    file.set_len(1 << 43, Keep).unwrap();
    file.write_at(b"x", (1 << 43) - 1, Keep).unwrap();
    let mut byte = [0];
    assert_eq!((file.read_at(&mut byte, (1 << 43) - 1), byte), (Ok(1), *b"x"));
    file.allocate(AllocateHow::PunchHole, 0, 1 << 43, Keep).unwrap();
    assert_eq!(file.attr().unwrap().blocks, 0);
}

#[test]
fn the_clock_is_the_one_given() {
    let seconds = Arc::new(AtomicI64::new(100));
    let told = Arc::clone(&seconds);
    let clock = move || Time { seconds: told.load(Ordering::Relaxed), nanos: 5_500_000 };
    let fs = MemFs::builder().clock(clock).granularity(Duration::from_millis(4)).build();
    assert_eq!(fs.caps().granularity, Duration::from_millis(4));
    fs.write("f", b"one").unwrap();
    let version = || fs.stat("f").unwrap().version();
    let before = version();
    assert_eq!(before.mtime, Time { seconds: 100, nanos: 4_000_000 });
    fs.write("f", b"two").unwrap();
    assert_eq!(version(), before, "two changes within a tick look alike, as on a disk");
    seconds.store(101, Ordering::Relaxed);
    fs.write("f", b"two").unwrap();
    assert_ne!(version(), before);
}

#[test]
fn by_default_no_two_changes_look_alike() {
    let fs = MemFs::builder().clock(|| Time { seconds: 1, nanos: 0 }).build();
    fs.write("f", b"one").unwrap();
    let before = fs.stat("f").unwrap().version();
    fs.write("f", b"two").unwrap();
    assert_ne!(fs.stat("f").unwrap().version(), before);
}
