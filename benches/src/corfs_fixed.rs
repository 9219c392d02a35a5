use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use cachefs_vfs::{Access, Attr, Name, OpenHow, Result, VDir, Vfs};

use crate::cached::TTL;
use crate::corfs::remove_all;
use crate::{Contender, plain};

/// Copy-on-read that serves its copies: a file is copied as a whole when it is first read, and read from the copy as
/// long as that is fresh by its own time of change. There is no limit, and nothing is evicted.
#[derive(Debug)]
pub struct CorFsFixed {
    primary: Arc<dyn VDir>,
    cache: Arc<dyn VDir>,
}

impl CorFsFixed {
    /// Reads from `primary`, copies to `cache`.
    ///
    /// # Errors
    /// If either root can't be opened.
    pub fn new(primary: &dyn Vfs, cache: &dyn Vfs) -> Result<Self> {
        Ok(Self { primary: primary.root()?, cache: cache.root()? })
    }

    /// The copy's attributes, if it is there and fresh.
    fn fresh(&self, name: Name<'_>) -> Option<Attr> {
        let copy = self.cache.stat(name).ok()?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
        let copied = u64::try_from(copy.mtime.seconds).ok()?;
        (copied + TTL.as_secs() > now).then_some(copy)
    }

    /// Where to read the file: from its copy, which is made first if it has to be.
    fn ready(&self, name: Name<'_>) -> Result<&dyn VDir> {
        if self.fresh(name).is_none() {
            let opened = self.primary.open(name, OpenHow::new(Access::Read))?;
            let mut whole = vec![0; usize::try_from(opened.attr.size).unwrap_or(usize::MAX)];
            let count = opened.handle.read_at(&mut whole, 0)?;
            plain::write(&*self.cache, name, &whole[..count])?;
        }
        Ok(&*self.cache)
    }
}

impl Contender for CorFsFixed {
    fn read(&self, name: Name<'_>, buffer: &mut [u8]) -> Result<usize> {
        plain::read(self.ready(name)?, name, buffer)
    }

    fn read_steps(&self, name: Name<'_>, step: usize, buffer: &mut [u8]) -> Result<usize> {
        plain::read_steps(self.ready(name)?, name, step, buffer)
    }

    fn read_places(&self, name: Name<'_>, places: &[u64], buffer: &mut [u8]) -> Result<()> {
        plain::read_places(self.ready(name)?, name, places, buffer)
    }

    fn write(&self, name: Name<'_>, bytes: &[u8]) -> Result<()> {
        plain::write(&*self.primary, name, bytes)?;
        // A copy that is not there would become one of these bytes alone.
        if self.fresh(name).is_some() { plain::write(&*self.cache, name, bytes) } else { Ok(()) }
    }

    fn size(&self, name: Name<'_>) -> Result<u64> {
        self.fresh(name).map_or_else(|| Ok(self.primary.stat(name)?.size), |copy| Ok(copy.size))
    }

    fn invalidate(&self, names: &[String]) -> Result<()> {
        remove_all(&*self.cache, names)
    }

    fn clear(&self, names: &[String]) -> Result<()> {
        remove_all(&*self.cache, names)
    }

    fn warm(&self, names: &[String], size: usize) -> Result<()> {
        plain::warm(self, names, size)
    }
}
