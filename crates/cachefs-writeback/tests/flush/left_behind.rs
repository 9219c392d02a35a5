//! A flusher that hangs as the write-back ends.

use std::sync::Arc;
use std::time::Duration;

use cachefs_testkit::{CallKind, FaultFs, Rule};
use cachefs_vfs::clock::SystemClock;
use cachefs_vfs::{Access, MemFs, OpenHow, Vfs, VfsExt};
use cachefs_writeback::{Config, Setup, WriteBack};

use super::bench::{PATIENCE, config, until, write};

#[test]
fn it_writes_nothing_more_over_what_the_next_one_wrote() {
    let inner = Arc::new(MemFs::new());
    let backing = Arc::new(FaultFs::new(Arc::clone(&inner) as _));
    let journal = Arc::new(MemFs::new());
    let over: Arc<dyn Vfs> = Arc::clone(&backing) as _;
    let start = |flushers| {
        let config = Config { flushers, flush_after: Duration::from_millis(1), ..config() };
        let setup = Setup { config, source: [1; 32], boot: [2; 16], clock: Arc::new(SystemClock) };
        WriteBack::open(Arc::clone(&over), journal.root().unwrap(), setup).unwrap().0
    };
    inner.write("f", b"").unwrap();
    let fs = start(1);
    // The first write is done, its answer is late.
    let hang = backing.add(Rule::on(CallKind::Write).nth(1).hang_after());
    let file = fs.open("f", OpenHow::new(Access::ReadWrite)).unwrap();
    write(&*file, b"old-b", 100_000);
    write(&*file, b"old-a", 0);
    drop(file);
    assert!(hang.wait_waiting(1, PATIENCE));
    drop(fs);
    let fs = start(0);
    let file = fs.open("f", OpenHow::new(Access::ReadWrite)).unwrap();
    write(&*file, b"new-a", 0);
    write(&*file, b"new-b", 100_000);
    assert!(fs.flush_all(None, &mut |_| ()).remaining.is_empty());
    let users = Arc::strong_count(&over);
    backing.release();
    until("it is gone", || Arc::strong_count(&over) < users);
    let there = inner.read("f").unwrap();
    assert_eq!((&there[..5], &there[100_000..]), (&b"new-a"[..], &b"new-b"[..]));
}
