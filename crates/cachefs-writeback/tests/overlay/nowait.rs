//! Inside a scope that must not wait.

use cachefs_vfs::{Access, Errno, OpenHow, Privileges, Result, SyncHow, nowait};

use crate::bench::{Bench, name};

fn would_block<T>(verb: impl FnOnce() -> Result<T>) -> bool {
    matches!(nowait::scope(verb), Err(error) if error.errno() == Errno::WOULDBLOCK)
}

#[test]
fn what_needs_the_backing_would_block() {
    let bench = Bench::new();
    let file = bench.dirty("f", b"abc");
    let calls = bench.counted.calls();
    assert!(would_block(|| bench.root.stat(name("f"))));
    assert!(would_block(|| bench.root.open(name("f"), OpenHow::new(Access::Read))));
    assert!(would_block(|| bench.root.rename(
        name("f"),
        &*bench.root,
        name("g"),
        cachefs_vfs::RenameHow::Replace
    )));
    assert!(would_block(|| bench.root.remove(name("f"), cachefs_vfs::RemoveKind::File)));
    assert!(would_block(|| file.set_len(1, Privileges::Keep)));
    assert!(would_block(|| file.sync(SyncHow::All)));
    assert!(would_block(|| file.read_at(&mut [0; 8], 0)), "the backing may have more");
    assert_eq!(bench.counted.calls(), calls);
    bench.settle();
}

#[test]
fn what_is_here_does_not() {
    let bench = Bench::new();
    let file = bench.dirty("f", b"abc");
    file.attr().unwrap();
    let calls = bench.counted.calls();
    nowait::scope(|| {
        assert_eq!(file.write_at(b"X", 0, Privileges::Keep).unwrap(), 1);
        let mut bytes = [0; 3];
        assert_eq!((file.read_at(&mut bytes, 0).unwrap(), &bytes), (3, b"Xbc"));
        assert_eq!(file.attr().unwrap().size, 3);
    });
    assert_eq!(bench.counted.calls(), calls);
}

#[test]
fn the_first_write_of_a_clean_file_would_block() {
    let bench = Bench::new();
    let file = bench.dirty("f", b"abc");
    bench.settle();
    assert!(would_block(|| file.write_at(b"X", 0, Privileges::Keep)));
    assert_eq!(bench.fs.status().dirty_bytes, 0);
}
