use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cachefs::{CacheFs, Coherence};
use cachefs_testkit::SlowFs;
use cachefs_vfs::clock::SystemClock;
use cachefs_vfs::{
    Access, CreateHow, LocalFs, Mode, Name, OpenHow, Owner, Privileges, SyncHow, VDir, VFile, Vfs,
};
use cachefs_writeback::{Config, Setup, WriteBack};

use crate::Result;
use crate::contender::Writing;
use crate::ground::{Ground, Pen};

/// What a call to the slow directory takes.
const LATENCY: Duration = Duration::from_millis(5);
/// Bytes per second of the slow directory.
const BANDWIDTH: u64 = 100_000_000;

/// The engine over a directory, without a mount.
#[derive(Debug)]
pub(crate) struct Library {
    root: Arc<dyn VDir>,
    slow_writes: bool,
}

impl Library {
    /// Over `source`; the journal, where there is one, in `journal`.
    pub(crate) fn new(
        source: &Path,
        journal: &Path,
        slow: bool,
        writing: Writing,
        dirty_max: u64,
    ) -> Result<Self> {
        let local: Arc<dyn Vfs> = Arc::new(LocalFs::open(source)?);
        let backing: Arc<dyn Vfs> =
            if slow { Arc::new(SlowFs::new(local).latency(LATENCY).bandwidth(BANDWIDTH)) } else { local };
        let backing = match writing {
            Writing::Through => backing,
            Writing::Back => Arc::new(write_back(backing, journal, dirty_max)?),
        };
        let cache = CacheFs::builder(backing).coherence(Coherence::Single).build()?;
        Ok(Self { root: cache.root()?, slow_writes: slow && writing == Writing::Through })
    }
}

fn write_back(backing: Arc<dyn Vfs>, journal: &Path, dirty_max: u64) -> Result<WriteBack> {
    let usual = Config::default();
    let config = Config { dirty_max, journal_max: usual.journal_max.max(dirty_max * 3), ..usual };
    let setup = Setup { config, source: [1; 32], boot: [2; 16], clock: Arc::new(SystemClock) };
    let (write_back, _replayed) = WriteBack::open(backing, LocalFs::open(journal)?.root()?, setup)?;
    Ok(write_back)
}

impl Ground for Library {
    fn open(&self, name: &str) -> Result<Box<dyn Pen>> {
        let opened = self.root.open(Name::new(name)?, OpenHow::new(Access::ReadWrite))?;
        Ok(Box::new(Handle(opened.handle)))
    }

    fn create(&self, name: &str) -> Result<Box<dyn Pen>> {
        let how =
            CreateHow { open: OpenHow::new(Access::ReadWrite), mode: Mode::new(0o644), exclusive: true };
        let opened = self.root.create(Name::new(name)?, how, &Owner::process())?;
        Ok(Box::new(Handle(opened.handle)))
    }

    fn is_slow(&self) -> bool {
        self.slow_writes
    }
}

struct Handle(Arc<dyn VFile>);

impl Pen for Handle {
    fn write(&self, bytes: &[u8], at: u64) -> Result<()> {
        let written = self.0.write_at(bytes, at, Privileges::Keep)?;
        if written == bytes.len() { Ok(()) } else { Err(format!("short write: {written}").into()) }
    }

    fn sync(&self) -> Result<()> {
        Ok(self.0.sync(SyncHow::All)?)
    }
}
