use std::sync::Arc;
use std::time::Duration;

use cachefs_testkit::{CallKind, FaultFs, OutsideFs, ReleaseOnDrop, Rule};
use cachefs_vfs::clock::ManualClock;
use cachefs_vfs::{
    Access, CreateHow, Errno, MemFs, Mode, Name, OpenHow, Owner, Privileges, Result, VDir, VFile, Vfs, VfsExt,
};
use cachefs_writeback::{Config, Setup, WriteBack};

/// How long anything may take that a test waits for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A write-back that flushes nothing by itself, over a filesystem that fails as told and that others change, with a
/// journal that fails as told.
#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) fs: Arc<WriteBack>,
    pub(crate) backing: Arc<FaultFs>,
    /// The same tree as others have it.
    pub(crate) others: Arc<dyn Vfs>,
    pub(crate) journal: Arc<FaultFs>,
    pub(crate) clock: Arc<ManualClock>,
}

pub(crate) fn config() -> Config {
    Config {
        flushers: 0,
        dirty_max: 64 << 20,
        journal_max: 256 << 20,
        segment_size: 1 << 20,
        room_wait: Duration::from_millis(300),
        ..Config::default()
    }
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(config())
    }

    pub(crate) fn with(config: Config) -> Self {
        let outside = OutsideFs::new(Arc::new(MemFs::new()));
        let others = outside.outside();
        let backing = Arc::new(FaultFs::new(Arc::new(outside)));
        let journal = Arc::new(FaultFs::new(Arc::new(MemFs::new())));
        let clock = Arc::new(ManualClock::new());
        let setup = Setup { config, source: [1; 32], boot: [2; 16], clock: Arc::clone(&clock) as _ };
        let over = Arc::clone(&backing) as Arc<dyn Vfs>;
        let (fs, _) = WriteBack::open(over, journal.root().unwrap(), setup).unwrap();
        Self { fs: Arc::new(fs), backing, others, journal, clock }
    }

    /// One with files that were written to in a directory `nas`, where that hangs beneath.
    pub(crate) fn hanging(config: Config, files: usize) -> (Self, ReleaseOnDrop) {
        let bench = Self::with(config);
        bench.fs.create_dir("nas").unwrap();
        let hang = bench.backing.add(Rule::on(CallKind::Write).within("nas").hang()).release_on_drop();
        for file in 0..files {
            bench.fs.write(format!("nas/f{file}"), b"late").unwrap();
        }
        (bench, hang)
    }

    pub(crate) fn root(&self) -> Arc<dyn VDir> {
        self.fs.root().unwrap()
    }

    /// Creates or opens a file in the root.
    pub(crate) fn open(&self, at: &str) -> Arc<dyn VFile> {
        let open = OpenHow::new(Access::ReadWrite);
        let how = CreateHow { open, mode: Mode::new(0o640), exclusive: false };
        self.root().create(Name::new(at).unwrap(), how, &Owner::process()).unwrap().handle
    }

    /// A file in the root that is dirty with `bytes`.
    pub(crate) fn dirty(&self, at: &str, bytes: &[u8]) -> Arc<dyn VFile> {
        let file = self.open(at);
        write(&*file, bytes, 0);
        file
    }

    pub(crate) fn flush(&self) {
        let drained = self.fs.flush_all(None, &mut |_| ());
        assert!(drained.remaining.is_empty(), "{drained:?}");
    }

    /// What the backing has.
    pub(crate) fn beneath(&self, path: &str) -> Vec<u8> {
        self.others.read(path).unwrap()
    }

    /// The names in a directory of the backing, sorted.
    pub(crate) fn names(&self, dir: &str) -> Vec<String> {
        let entries = self.others.list(dir).unwrap();
        let mut names: Vec<_> = entries.into_iter().map(|(name, _)| name.into_string().unwrap()).collect();
        names.sort();
        names
    }
}

pub(crate) fn write(file: &dyn VFile, bytes: &[u8], offset: u64) {
    assert_eq!(file.write_at(bytes, offset, Privileges::Keep).unwrap(), bytes.len());
}

/// The whole file as programs see it.
pub(crate) fn read(file: &dyn VFile) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(file.attr().unwrap().size).unwrap() + 10];
    let count = file.read_at(&mut bytes, 0).unwrap();
    bytes.truncate(count);
    bytes
}

pub(crate) fn errno<T>(result: Result<T>) -> Option<Errno> {
    result.err().map(|error| error.errno())
}

/// Waits until it is so.
pub(crate) fn until(what: &str, so: impl Fn() -> bool) {
    let deadline = std::time::Instant::now() + PATIENCE;
    while !so() {
        assert!(std::time::Instant::now() < deadline, "not in time: {what}");
        std::thread::yield_now();
    }
}
