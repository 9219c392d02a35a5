use std::sync::Arc;
use std::time::Duration;

use cachefs::time::ManualClock;
use cachefs::{CacheBuilder, CacheFs};
use cachefs_testkit::{CountFs, FaultFs, SplitMix64};
use cachefs_vfs::clock::SystemClock;
use cachefs_vfs::{Access, MemFs, OpenHow, Privileges, VFile, Vfs, VfsExt};
use cachefs_writeback::{Config, Setup, WriteBack};

/// A cache over a write-back over memory, where all calls are counted and chosen ones fail.
pub(crate) struct Desk {
    pub(crate) cache: CacheFs,
    pub(crate) write_back: Arc<WriteBack>,
    /// Calls of the write-back to the backing.
    pub(crate) counts: Arc<CountFs>,
    pub(crate) faults: Arc<FaultFs>,
    /// What is there, whatever is dirty.
    pub(crate) backing: Arc<MemFs>,
    /// The cache's.
    pub(crate) clock: Arc<ManualClock>,
}

/// Nothing is flushed but on request.
pub(crate) fn by_hand() -> Config {
    Config {
        flushers: 0,
        dirty_max: 64 << 20,
        journal_max: 256 << 20,
        segment_size: 4 << 20,
        ..Config::default()
    }
}

impl Desk {
    /// Nothing is flushed but on request.
    pub(crate) fn new() -> Self {
        Self::with(by_hand(), |cache| cache)
    }

    pub(crate) fn with(config: Config, set: impl FnOnce(CacheBuilder) -> CacheBuilder) -> Self {
        let backing = Arc::new(MemFs::new());
        let counts = Arc::new(CountFs::new(backing.clone()));
        let faults = Arc::new(FaultFs::new(counts.clone()));
        let setup = Setup { config, source: [1; 32], boot: [2; 16], clock: Arc::new(SystemClock) };
        let journal = MemFs::new().root().unwrap();
        let (write_back, replayed) = WriteBack::open(faults.clone(), journal, setup).unwrap();
        assert!(replayed.is_nothing(), "{replayed:?}");
        let (write_back, clock) = (Arc::new(write_back), Arc::new(ManualClock::new()));
        let builder = CacheFs::builder(write_back.clone()).clock(clock.clone()).readahead(0);
        Self { cache: set(builder).build().unwrap(), write_back, counts, faults, backing, clock }
    }

    /// With a file that is in the backing, and that the cache has not seen.
    pub(crate) fn with_file(path: &str, contents: &[u8]) -> Self {
        let desk = Self::new();
        desk.backing.write(path, contents).unwrap();
        desk
    }

    /// Opens a file of the cache.
    pub(crate) fn open(&self, path: &str) -> Arc<dyn VFile> {
        self.cache.open(path, OpenHow::new(Access::ReadWrite)).unwrap()
    }

    /// Flushes everything.
    pub(crate) fn flush(&self) {
        let drained = self.write_back.flush_all(None, &mut |_| ());
        assert!(drained.remaining.is_empty(), "{drained:?}");
        assert_eq!(self.write_back.status().dirty_bytes, 0);
    }

    /// Bytes that the backing was given so far.
    pub(crate) fn written(&self) -> u64 {
        self.counts.snapshot().bytes_written
    }

    /// The file has these bytes, by whatever way it is looked at; also once they are flushed, and once the cache has
    /// forgotten it.
    pub(crate) fn check(&self, path: &str, expected: &[u8]) {
        let seen = |when: &str| {
            assert!(self.cache.read(path).unwrap() == expected, "{path} {when}");
            let length = expected.len() as u64;
            assert_eq!(self.cache.stat(path).unwrap().size, length, "{path} {when}");
            assert_eq!(self.open(path).attr().unwrap().size, length, "{path} {when}");
        };
        seen("as it is");
        self.flush();
        seen("flushed");
        assert!(self.backing.read(path).unwrap() == expected, "{path} in the backing");
        self.cache.clear();
        seen("forgotten");
    }

    /// Lets all lifetimes pass.
    pub(crate) fn expire(&self) {
        self.clock.advance(Duration::from_secs(3600));
    }
}

/// Writes all of it.
pub(crate) fn write(file: &dyn VFile, data: &[u8], offset: u64) {
    assert_eq!(file.write_at(data, offset, Privileges::Keep).unwrap(), data.len());
}

/// Bytes that differ by seed and place.
pub(crate) fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    SplitMix64::new(seed).fill(&mut bytes);
    bytes
}
