use std::sync::Arc;

use cachefs_vfs::{
    Access, CreateHow, Mode, Name, OpenHow, Owner, Privileges, RemoveKind, Result, VDir, VFile, Vfs,
};

use crate::Contender;

/// Copy-on-read as the library of that name has it: every open and every read goes to the primary first; what was
/// read is copied to the cache; the cache is asked only when the primary can't open the file. It never serves a hit.
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
            let open = OpenHow::new(Access::Write);
            let how = CreateHow { open, mode: Mode::new(0o644), exclusive: false };
            self.copy = self.fs.cache.create(self.name, how, &Owner::process()).ok().map(|copy| copy.handle);
        }
        if let Some(copy) = &self.copy {
            let _ = copy.write_at(bytes, self.position, Privileges::Keep);
        }
    }
}

impl Contender for CorFs {
    fn name(&self) -> &'static str {
        "corfs"
    }

    fn read(&self, name: Name<'_>, buffer: &mut [u8]) -> Result<usize> {
        self.open(name)?.read(buffer)
    }

    fn forget(&self, name: Name<'_>) -> Result<()> {
        match self.cache.remove(name, RemoveKind::File) {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    }
}
