//! A write-back over a filesystem, as a subject of the testkit.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]
#![expect(dead_code, reason = "each test uses a part of it")]

use std::sync::Arc;
use std::time::Duration;

use cachefs_testkit::Subject;
use cachefs_vfs::clock::SystemClock;
use cachefs_vfs::{LocalFs, MemFs, Vfs};
use cachefs_writeback::{Config, Setup, WriteBack};

/// How many threads flush, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Flushing {
    /// Nothing is flushed but by verbs that need it.
    Never,
    /// Everything, where the model has its filesystem forget what it likes.
    NowAndThen,
    /// By threads, at once.
    Threads,
}

/// Small limits, so that a short test reaches them.
fn config(flushing: Flushing) -> Config {
    Config {
        dirty_max: 16 << 20,
        journal_max: 64 << 20,
        segment_size: 1 << 20,
        flushers: if matches!(flushing, Flushing::Threads) { 2 } else { 0 },
        flush_after: Duration::from_micros(100),
        dirty_age: Duration::from_millis(1),
        ..Config::default()
    }
}

/// A fresh write-back over `backing`, with its journal in memory.
pub(crate) fn over(backing: &Arc<dyn Vfs>, flushing: Flushing) -> Arc<WriteBack> {
    let journal = MemFs::new().root().unwrap();
    let setup =
        Setup { config: config(flushing), source: [7; 32], boot: [9; 16], clock: Arc::new(SystemClock) };
    Arc::new(WriteBack::open(Arc::clone(backing), journal, setup).unwrap().0)
}

/// Flushes everything; what cannot be flushed is none of the model's business here.
pub(crate) fn flush(fs: &WriteBack) {
    let left = fs.flush_all(Some(Duration::from_secs(60)), &mut |_| ());
    assert!(left.remaining.is_empty(), "{left:?}");
}

/// A subject over `backing`.
pub(crate) fn subject(backing: &Arc<dyn Vfs>, flushing: Flushing) -> Subject {
    let fs = over(backing, flushing);
    let mut subject = Subject::new(Arc::clone(&fs) as Arc<dyn Vfs>);
    if matches!(flushing, Flushing::NowAndThen) {
        subject.evict = Some(Box::new(move |_| flush(&fs)));
    }
    subject
}

/// One over memory.
pub(crate) fn mem(flushing: Flushing) -> Subject {
    subject(&(Arc::new(MemFs::new()) as Arc<dyn Vfs>), flushing)
}

/// One over a real directory, in memory where that is to be had.
pub(crate) fn local(flushing: Flushing) -> Subject {
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let backing: Arc<dyn Vfs> = Arc::new(LocalFs::open(dir.path()).unwrap());
    subject(&backing, flushing).keeping(dir)
}

/// One over a directory on a disk.
pub(crate) fn disk(flushing: Flushing) -> Subject {
    let dir = tempfile::tempdir().unwrap();
    let backing: Arc<dyn Vfs> = Arc::new(LocalFs::open(dir.path()).unwrap());
    subject(&backing, flushing).keeping(dir)
}
