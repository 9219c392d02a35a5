use std::sync::Arc;

use cachefs_vfs::{Access, Name, OpenHow, Owner, Privileges, RemoveKind, Result, VDir, VFile, Vfs};

use crate::{Contender, plain};

/// Copy-on-read as the library of that name has it: every open and every read goes to the primary first; what was
/// read front to back is copied to the cache, what is read at a place is not; the cache is asked only when the primary
/// can't open the file, or tell of it. What is written goes to both. It never serves a hit.
#[derive(Debug)]
pub struct CorFs {
    primary: Arc<dyn VDir>,
    cache: Arc<dyn VDir>,
}

/// A file opened through [`CorFs`], read from front to back.
#[derive(Debug)]
pub struct CorFile<'a> {
    fs: &'a CorFs,
    name: Name<'a>,
    source: Arc<dyn VFile>,
    /// Where bytes read are copied to; `None` when they come from the cache itself, or before the first read.
    copy: Option<Arc<dyn VFile>>,
    from_primary: bool,
    position: u64,
}

impl CorFs {
    /// Reads from `primary`, copies to `cache`.
    ///
    /// # Errors
    /// If either root can't be opened.
    pub fn new(primary: &dyn Vfs, cache: &dyn Vfs) -> Result<Self> {
        Ok(Self { primary: primary.root()?, cache: cache.root()? })
    }

    /// Opens a file of the root for reading.
    ///
    /// # Errors
    /// The primary's, if the cache does not have the file either.
    pub fn open<'a>(&'a self, name: Name<'a>) -> Result<CorFile<'a>> {
        let how = OpenHow::new(Access::Read);
        let (source, from_primary) = match self.primary.open(name, how) {
            Ok(opened) => (opened.handle, true),
            Err(error) => (self.cache.open(name, how).map_err(|_| error)?.handle, false),
        };
        Ok(CorFile { fs: self, name, source, copy: None, from_primary, position: 0 })
    }
}

impl CorFile<'_> {
    /// Reads on from where the last read ended.
    ///
    /// # Errors
    /// Those of the source; that a copy failed is nobody's business.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let count = self.source.read_at(buffer, self.position)?;
        if count > 0 && self.from_primary {
            self.keep(&buffer[..count]);
        }
        self.position += count as u64;
        Ok(count)
    }

    /// Best effort, like the original's.
    fn keep(&mut self, bytes: &[u8]) {
        if self.copy.is_none() {
            let created = self.fs.cache.create(self.name, plain::create(), &Owner::process());
            self.copy = created.ok().map(|copy| copy.handle);
        }
        if let Some(copy) = &self.copy {
            let _ = copy.write_at(bytes, self.position, Privileges::Keep);
        }
    }
}

impl Contender for CorFs {
    fn read(&self, name: Name<'_>, buffer: &mut [u8]) -> Result<usize> {
        self.open(name)?.read(buffer)
    }

    fn read_steps(&self, name: Name<'_>, step: usize, buffer: &mut [u8]) -> Result<usize> {
        let mut file = self.open(name)?;
        let mut total = 0;
        for part in buffer.chunks_mut(step) {
            let count = file.read(part)?;
            total += count;
            if count < part.len() {
                break;
            }
        }
        Ok(total)
    }

    fn read_places(&self, name: Name<'_>, places: &[u64], buffer: &mut [u8]) -> Result<()> {
        let file = self.open(name)?;
        places.iter().try_for_each(|&at| file.source.read_at(buffer, at).map(drop))
    }

    fn write(&self, name: Name<'_>, bytes: &[u8]) -> Result<()> {
        plain::write(&*self.primary, name, bytes)?;
        // Best effort, like the original's.
        let _ = plain::write(&*self.cache, name, bytes);
        Ok(())
    }

    fn size(&self, name: Name<'_>) -> Result<u64> {
        let attr = self.primary.stat(name).or_else(|_| self.cache.stat(name))?;
        Ok(attr.size)
    }

    /// It has no such verb: the copies are removed.
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

/// Removes the copies that are there.
pub(crate) fn remove_all(cache: &dyn VDir, names: &[String]) -> Result<()> {
    names.iter().try_for_each(|name| match cache.remove(Name::new(name)?, RemoveKind::File) {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    })
}
