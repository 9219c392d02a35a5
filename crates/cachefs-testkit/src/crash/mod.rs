//! A filesystem that loses what was not made durable.

mod builder;
mod bytes;
mod dir;
mod disk;
mod file;
mod log;
mod names;
mod node;
mod odds;
mod power;
mod rebuild;
mod ticker;

use std::sync::Arc;
use std::time::Duration;

use cachefs_vfs::{Caps, Error, FileId, FsStat, Object, Opened, Result, VDir, Vfs, Watch, WatchHow, Watcher};

pub use builder::CrashFsBuilder;
pub use power::Power;

use dir::CrashDir;
use disk::{Disk, Life};
use file::CrashFile;
use odds::Odds;

/// A filesystem in memory that tells what programs see from what is durable.
///
/// Until a file is synced, each sector of 4 KiB of it may after a [`CrashFs::crash`] be what it was at any moment since
/// the last sync, also when one write covered several sectors; its length may be any it had since, its attributes
/// likewise. What a truncation, a hole or the like does to bytes is durable together with the length it left. Names
/// are durable once their directory was synced; until then, the steps of each directory are lost from some point on.
/// One verb is one step: a rename is kept or lost as a whole. A file without a name is gone. What was reserved without
/// being written is no longer reserved.
///
/// Identities, times and durable bytes stay as they were. Each change leaves a time of its own.
#[derive(Debug)]
pub struct CrashFs {
    life: Arc<Life>,
}

impl CrashFs {
    /// An empty filesystem on the clock of the system, all of whose abilities are there.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Sets options.
    pub fn builder() -> CrashFsBuilder {
        CrashFsBuilder::default()
    }

    /// The power is lost: this filesystem and all of its handles answer `EIO` from now on. Answers one with what
    /// survived, chosen by `seed`; all of that is durable.
    #[must_use]
    pub fn crash(&self, seed: u64) -> Self {
        let disk = self.life.end(|disk, log| {
            let survivors = log.survive(&mut Odds::new(seed), disk.options.names_in_order);
            Disk::rebuild(disk, survivors)
        });
        Self { life: Life::begin(Arc::new(disk)) }
    }

    /// The program is killed: this filesystem and all of its handles answer `EIO` from now on. Answers one with
    /// everything that was seen; what was durable is, and nothing else.
    #[must_use]
    pub fn kill(&self) -> Self {
        let disk = self.life.end(|disk, _| Arc::clone(disk));
        Self { life: Life::begin(disk) }
    }
}

impl Default for CrashFs {
    fn default() -> Self {
        Self::new()
    }
}

impl Vfs for CrashFs {
    fn caps(&self) -> Caps {
        let disk = self.life.disk();
        Caps { open_id: disk.options.open_id, granularity: Duration::ZERO, ..disk.mem.caps() }
    }

    fn root(&self) -> Result<Arc<dyn VDir>> {
        self.life.check()?;
        Ok(CrashDir::wrap(&self.life, self.life.disk().mem.root()?))
    }

    fn stat_fs(&self) -> Result<FsStat> {
        self.life.check()?;
        self.life.disk().mem.stat_fs()
    }

    fn open_id(&self, id: FileId) -> Result<Opened<Object>> {
        self.life.check()?;
        let disk = self.life.disk();
        if !disk.options.open_id {
            return Err(Error::unsupported());
        }
        let opened = disk.mem.open_id(disk.inner_id(id))?;
        let handle = match opened.handle {
            Object::Dir(dir) => Object::Dir(CrashDir::wrap(&self.life, dir)),
            Object::File(file) => Object::File(CrashFile::wrap(&self.life, file)),
        };
        Ok(Opened { handle, attr: disk.outer(opened.attr) })
    }

    fn watch(&self, _: WatchHow, _: Arc<dyn Watcher>) -> Result<Arc<dyn Watch>> {
        Err(Error::unsupported())
    }

    /// Nothing is known here that is not so.
    fn touched(&self, _: FileId) {}
}
