use std::sync::Arc;
use std::time::Duration;

use cachefs::time::{Clock, ManualClock};
use cachefs::{CacheBuilder, CacheFs, Coherence};
use cachefs_testkit::{CountFs, Counts, OutsideFs, Wrapped};
use cachefs_vfs::{Access, MemFs, OpenHow, Privileges, Time, VFile, Vfs, VfsExt, WatchHow, WatchMethod};

use super::bytes;
use super::gate::Gate;

pub(crate) const KIB: usize = 1 << 10;
/// All there are.
pub(crate) const METHODS: [WatchMethod; 3] =
    [WatchMethod::Filesystem, WatchMethod::Directories, WatchMethod::Inotify];

/// A cache that is told of what others do to its backing, whose clock has steps of two seconds: versions prove nothing.
pub(crate) struct WatchBench {
    pub(crate) cache: CacheFs,
    /// The backing, which tells and can be told to.
    pub(crate) told: Arc<OutsideFs>,
    /// What is beneath it: changes of which nobody is told.
    pub(crate) memory: Arc<MemFs>,
    /// The same tree as others have it.
    pub(crate) others: Arc<dyn Vfs>,
    pub(crate) counts: Arc<CountFs>,
    pub(crate) clock: Arc<ManualClock>,
    gated: Arc<Wrapped<Gate>>,
}

/// A mode of the cache, over a backing that is watched by this method.
pub(crate) fn watching(method: WatchMethod) -> Coherence {
    Coherence::Watch(WatchHow { method, ..WatchHow::default() })
}

impl WatchBench {
    /// By what covers the whole filesystem.
    pub(crate) fn new(set: impl Fn(CacheBuilder) -> CacheBuilder) -> Self {
        Self::with(watching(WatchMethod::Filesystem), set)
    }

    pub(crate) fn with(mode: Coherence, set: impl Fn(CacheBuilder) -> CacheBuilder) -> Self {
        let clock = Arc::new(ManualClock::new());
        let time = Arc::clone(&clock);
        let now = move || {
            let seconds = time.wall().seconds;
            Time { seconds: seconds - seconds % 2, nanos: 0 }
        };
        let memory = Arc::new(MemFs::builder().clock(now).granularity(Duration::from_secs(2)).build());
        let told = Arc::new(OutsideFs::new(memory.clone()));
        let others = told.outside();
        let gated = Arc::new(Wrapped::new(told.clone(), Gate::default()));
        let counts = Arc::new(CountFs::new(gated.clone()));
        let builder = CacheFs::builder(counts.clone()).clock(clock.clone()).readahead(0);
        let cache = set(builder.coherence(mode).recheck(Duration::ZERO)).build().unwrap();
        Self { cache, told, memory, others, counts, clock, gated }
    }

    pub(crate) fn gate(&self) -> &Gate {
        self.gated.intercept()
    }

    /// Time enough for every lifetime to be over.
    pub(crate) fn years(&self) {
        self.clock.advance(Duration::from_secs(100_000_000));
    }

    /// What is asked of the backing for this, after years.
    pub(crate) fn asked_for<T>(&self, what: impl FnOnce(&CacheFs) -> T) -> (T, Counts) {
        self.years();
        self.counts.reset();
        let answer = what(&self.cache);
        (answer, self.counts.snapshot())
    }

    /// The same, if it is nothing.
    pub(crate) fn unasked<T>(&self, what: impl FnOnce(&CacheFs) -> T) -> T {
        let (answer, counts) = self.asked_for(what);
        assert_eq!(counts.total(), 0, "{:?}", counts.called());
        answer
    }
}

/// Opens a file.
pub(crate) fn open(fs: &dyn Vfs, path: &str, access: Access) -> Arc<dyn VFile> {
    fs.open(path, OpenHow::new(access)).unwrap()
}

pub(crate) fn over_write(fs: &dyn Vfs, path: &str, data: &[u8], offset: u64) {
    let file = open(fs, path, Access::Write);
    assert_eq!(file.write_at(data, offset, Privileges::Keep).unwrap(), data.len());
}

pub(crate) fn contents(file: &dyn VFile) -> Vec<u8> {
    let mut buffer = vec![0; 1 << 20];
    let count = file.read_at(&mut buffer, 0).unwrap();
    buffer.truncate(count);
    buffer
}

/// A directory with files in it, known by heart.
pub(crate) fn learn_all(cache: &CacheFs) {
    for number in 0..3 {
        cache.read(format!("dir/{number}")).unwrap();
        assert!(!cache.exists(format!("dir/missing{number}")).unwrap());
        cache.stat(format!("dir/{number}")).unwrap();
    }
    cache.list("dir").unwrap();
    cache.stat("dir").unwrap();
}

/// Of which all is known that was asked for.
pub(crate) fn known(method: WatchMethod) -> WatchBench {
    let bench = WatchBench::with(watching(method), |cache| cache);
    bench.others.create_dir("dir").unwrap();
    (0..3).for_each(|number| bench.others.write(format!("dir/{number}"), &bytes(number, 100 * KIB)).unwrap());
    learn_all(&bench.cache);
    // Where directories are watched one by one, each was asked for before it was, and has a lifetime.
    bench.years();
    learn_all(&bench.cache);
    bench
}
