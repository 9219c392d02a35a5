//! Caches to test, over filesystems that count, fail and change behind their back.

#![allow(dead_code, reason = "each test file takes what it needs")]

pub(crate) mod gate;
pub(crate) mod outside;

use std::sync::Arc;
use std::time::{Duration, Instant};

use cachefs::time::ManualClock;
use cachefs::{CacheBuilder, CacheFs};
use cachefs_testkit::{CountFs, SplitMix64, Subject};
use cachefs_vfs::{LocalFs, MemFs, Name, Vfs};

/// A cache over `backing`.
pub(crate) fn over(backing: impl Vfs + 'static, set: impl Fn(CacheBuilder) -> CacheBuilder) -> Subject {
    let cache = set(CacheFs::builder(Arc::new(backing))).build().unwrap();
    subject(&cache)
}

/// A cache over a temporary directory.
pub(crate) fn local(set: impl Fn(CacheBuilder) -> CacheBuilder) -> Subject {
    let dir = tempfile::tempdir().unwrap();
    over(LocalFs::open(dir.path()).unwrap(), set).keeping(dir)
}

/// The cache, with a way to make it forget.
pub(crate) fn subject(cache: &CacheFs) -> Subject {
    let forgetful = cache.clone();
    Subject { evict: Some(Box::new(move |_| forgetful.clear())), ..Subject::new(Arc::new(cache.clone())) }
}

/// A cache over a counted [`MemFs`], with its clock and a way around it.
pub(crate) struct Bench {
    pub(crate) cache: CacheFs,
    /// The filesystem beneath, changed by others.
    pub(crate) backing: Arc<MemFs>,
    pub(crate) counts: Arc<CountFs>,
    pub(crate) clock: Arc<ManualClock>,
}

impl Bench {
    /// Reads nothing ahead unless told to.
    pub(crate) fn new(set: impl Fn(CacheBuilder) -> CacheBuilder) -> Self {
        Self::over(MemFs::new(), set)
    }

    pub(crate) fn over(backing: MemFs, set: impl Fn(CacheBuilder) -> CacheBuilder) -> Self {
        let backing = Arc::new(backing);
        let counts = Arc::new(CountFs::new(backing.clone()));
        let clock = Arc::new(ManualClock::new());
        let builder = CacheFs::builder(counts.clone()).clock(clock.clone()).readahead(0);
        Self { cache: set(builder).build().unwrap(), backing, counts, clock }
    }

    /// Lets lifetimes pass.
    pub(crate) fn expire(&self) {
        self.clock.advance(Duration::from_secs(2));
    }

    /// Waits for what is done in the background.
    pub(crate) fn settle(&self) {
        wait_until("the backing is idle", || self.cache.usage().backing_in_flight == 0);
    }
}

/// Waits for a condition, for a limited time.
pub(crate) fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < end, "waited in vain: {what}");
        std::thread::yield_now();
    }
}

/// Bytes that differ by seed and place.
pub(crate) fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    SplitMix64::new(seed).fill(&mut bytes);
    bytes
}

pub(crate) fn name(name: &str) -> Name<'_> {
    Name::new(name).unwrap()
}
