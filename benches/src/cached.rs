use std::sync::Arc;
use std::time::Duration;

use cachefs::write_back::{Config, Setup, WriteBack};
use cachefs::{CacheFs, Warm};
use cachefs_vfs::clock::SystemClock;
use cachefs_vfs::{Error, MemFs, Name, Result, VDir, Vfs};

use crate::{Contender, Room, plain};

/// Long enough that no entry expires while a benchmark runs.
pub(crate) const TTL: Duration = Duration::from_secs(3600);

/// [`CacheFs`] with its defaults, but for the TTL and, where there is not room for all, its limits.
#[derive(Debug)]
pub struct Cached {
    fs: CacheFs,
    root: Arc<dyn VDir>,
}

impl Cached {
    /// Puts a cache over `backing`.
    ///
    /// # Errors
    /// If the cache can't be built.
    pub fn new(backing: Arc<dyn Vfs>, room: Room) -> Result<Self> {
        let builder = CacheFs::builder(backing).ttl(TTL);
        let builder = match room {
            Room::Plenty => builder,
            Room::Files { count, size } => builder.memory(count * size).block_entries(count),
        };
        let fs = builder.build().map_err(other)?;
        let root = fs.root()?;
        Ok(Self { fs, root })
    }

    /// The same over a write-back, whose journal is in memory.
    ///
    /// # Errors
    /// If the cache or the journal can't be built.
    pub fn writing_back(backing: Arc<dyn Vfs>, room: Room) -> Result<Self> {
        let setup =
            Setup { config: Config::default(), source: [1; 32], boot: [2; 16], clock: Arc::new(SystemClock) };
        let (back, _replayed) = WriteBack::open(backing, MemFs::new().root()?, setup).map_err(other)?;
        Self::new(Arc::new(back), room)
    }
}

fn other(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::from(std::io::Error::other(error))
}

impl Contender for Cached {
    fn read(&self, name: Name<'_>, buffer: &mut [u8]) -> Result<usize> {
        plain::read(&*self.root, name, buffer)
    }

    fn read_steps(&self, name: Name<'_>, step: usize, buffer: &mut [u8]) -> Result<usize> {
        plain::read_steps(&*self.root, name, step, buffer)
    }

    fn read_places(&self, name: Name<'_>, places: &[u64], buffer: &mut [u8]) -> Result<()> {
        plain::read_places(&*self.root, name, places, buffer)
    }

    fn write(&self, name: Name<'_>, bytes: &[u8]) -> Result<()> {
        plain::write(&*self.root, name, bytes)
    }

    fn size(&self, name: Name<'_>) -> Result<u64> {
        Ok(self.root.stat(name)?.size)
    }

    fn invalidate(&self, names: &[String]) -> Result<()> {
        let report = self.fs.batch_invalidate(names);
        report.errors.into_iter().next().map_or(Ok(()), |failed| Err(failed.error))
    }

    fn clear(&self, _: &[String]) -> Result<()> {
        self.fs.clear();
        Ok(())
    }

    /// By one pattern: they are all there is.
    fn warm(&self, _: &[String], _: usize) -> Result<()> {
        let report = self.fs.warm(&Warm::new(["*"]), &|_| ());
        report.errors.into_iter().next().map_or(Ok(()), |failed| Err(failed.error))
    }
}
