//! The cache over a write-back: where others changed a file that was dirty, its readers are told.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use cachefs::time::ManualClock;
use cachefs::write_back::{Config, Setup, WriteBack};
use cachefs::{CacheFs, Coherence};
use cachefs_testkit::OutsideFs;
use cachefs_vfs::{MemFs, Vfs, VfsExt, WatchMethod};

use support::outside::{over_write, watching};

/// A cache over a write-back of which nothing is flushed but when it is said.
struct Bench {
    cache: CacheFs,
    write_back: Arc<WriteBack>,
    others: Arc<dyn Vfs>,
    clock: Arc<ManualClock>,
}

impl Bench {
    fn new(mode: Coherence) -> Self {
        let clock = Arc::new(ManualClock::new());
        let told = Arc::new(OutsideFs::new(Arc::new(MemFs::new())));
        let others = told.outside();
        let config = Config { flushers: 0, segment_size: 1 << 20, ..Config::default() };
        let setup = Setup { config, source: [1; 32], boot: [2; 16], clock: clock.clone() };
        let (write_back, _nothing) = WriteBack::open(told, MemFs::new().root().unwrap(), setup).unwrap();
        let write_back = Arc::new(write_back);
        let builder = CacheFs::builder(write_back.clone()).clock(clock.clone()).readahead(0);
        let cache = builder.coherence(mode).recheck(Duration::ZERO).build().unwrap();
        write_back.inform(&cache.intake());
        Self { cache, write_back, others, clock }
    }

    fn flush(&self) {
        assert!(self.write_back.flush_all(None, &mut |_| ()).remaining.is_empty());
    }

    /// `f` is dirty, others wrote to it, and somebody saw what is a mix of both.
    fn conflict(&self, is_read_before: bool) {
        VfsExt::write(&self.cache, "f", b"base....").unwrap();
        self.flush();
        over_write(&self.cache, "f", b"ours", 0);
        if is_read_before {
            assert_eq!(VfsExt::read(&self.cache, "f").unwrap(), b"ours....");
        }
        assert_eq!(VfsExt::list(&self.cache, "").unwrap().len(), 1);
        self.clock.advance(Duration::from_secs(3));
        over_write(&*self.others, "f", b"THEIRS, longer", 0);
        VfsExt::read(&self.cache, "f").unwrap();
        VfsExt::list(&self.cache, "").unwrap();
        self.clock.advance(Duration::from_secs(3));
        self.flush();
        assert_eq!(self.write_back.status().conflicts, 1);
    }
}

#[test]
fn a_file_in_conflict_is_theirs_and_ours_is_listed_in_every_mode() {
    let modes = [watching(WatchMethod::Filesystem), Coherence::Single, Coherence::Ttl(Duration::MAX)];
    for mode in modes {
        for is_read_before in [false, true] {
            let bench = Bench::new(mode);
            bench.conflict(is_read_before);
            let seen = VfsExt::read(&bench.cache, "f").unwrap();
            assert_eq!(String::from_utf8_lossy(&seen), "THEIRS, longer", "{mode:?}, {is_read_before}");
            assert_eq!(VfsExt::list(&bench.cache, "").unwrap().len(), 2, "{mode:?}, {is_read_before}");
        }
    }
}

#[test]
fn who_watches_is_told_without_being_registered() {
    let bench = Bench::new(watching(WatchMethod::Filesystem));
    let write_back = Arc::clone(&bench.write_back);
    let cache = CacheFs::builder(write_back)
        .clock(bench.clock.clone())
        .coherence(watching(WatchMethod::Filesystem))
        .recheck(Duration::ZERO)
        .build()
        .unwrap();
    let bench = Bench { cache, ..bench };
    bench.conflict(true);
    assert_eq!(VfsExt::read(&bench.cache, "f").unwrap(), b"THEIRS, longer");
    assert_eq!(VfsExt::list(&bench.cache, "").unwrap().len(), 2);
}
