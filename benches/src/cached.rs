use std::sync::Arc;
use std::time::Duration;

use cachefs::CacheFs;
use cachefs_vfs::{Access, Error, Name, OpenHow, Result, VDir, Vfs};

use crate::Contender;

/// Long enough that no entry expires while a benchmark runs.
const TTL: Duration = Duration::from_secs(3600);

/// [`CacheFs`] with its defaults, but for the TTL.
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
    pub fn new(backing: Arc<dyn Vfs>) -> Result<Self> {
        let fs =
            CacheFs::builder(backing).ttl(TTL).build().map_err(|e| Error::from(std::io::Error::other(e)))?;
        let root = fs.root()?;
        Ok(Self { fs, root })
    }
}

impl Contender for Cached {
    fn name(&self) -> &'static str {
        "cachefs"
    }

    fn read(&self, name: Name<'_>, buffer: &mut [u8]) -> Result<usize> {
        let opened = self.root.open(name, OpenHow::new(Access::Read))?;
        opened.handle.read_at(buffer, 0)
    }

    fn forget(&self, _name: Name<'_>) -> Result<()> {
        self.fs.clear();
        Ok(())
    }
}
