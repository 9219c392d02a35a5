use std::sync::Arc;

use super::dir::ViewDir;
use super::file::ViewFile;
use super::rules::Rules;
use crate::{Access, Caps, FileId, FsStat, Object, Opened, Result, VDir, Vfs, Watch, WatchHow, Watcher};

/// Another filesystem without its changes: each verb that would change something is `EROFS`, opening for writing
/// included, whether or not the name exists.
///
/// ```
/// use std::sync::Arc;
/// use cachefs_vfs::{Errno, MemFs, ReadOnly, VfsExt};
///
/// let fs = Arc::new(MemFs::new());
/// fs.write("a", b"as it was")?;
/// let view = ReadOnly::new(fs);
/// assert_eq!(view.write("a", b"").unwrap_err().errno(), Errno::ROFS);
/// assert_eq!(view.read("a")?, b"as it was");
/// # Ok::<(), cachefs_vfs::Error>(())
/// ```
#[derive(Debug)]
pub struct ReadOnly {
    fs: Arc<dyn Vfs>,
    rules: Arc<Rules>,
}

impl ReadOnly {
    /// Shows all of `fs`.
    #[must_use]
    pub fn new(fs: Arc<dyn Vfs>) -> Self {
        Self { fs, rules: Arc::new(Rules { read_only: true }) }
    }
}

impl Vfs for ReadOnly {
    fn caps(&self) -> Caps {
        Caps { read_only: true, ..self.fs.caps() }
    }

    fn root(&self) -> Result<Arc<dyn VDir>> {
        Ok(ViewDir::wrap(self.fs.root()?, &self.rules))
    }

    fn stat_fs(&self) -> Result<FsStat> {
        self.fs.stat_fs()
    }

    fn open_id(&self, id: FileId) -> Result<Opened<Object>> {
        let Opened { handle, attr } = self.fs.open_id(id)?;
        let handle = match handle {
            Object::Dir(dir) => Object::Dir(ViewDir::wrap(dir, &self.rules)),
            // It may have been opened for writing, so its descriptor is not for lending.
            Object::File(file) => Object::File(ViewFile::wrap(file, Access::ReadWrite, &self.rules)),
        };
        Ok(Opened { handle, attr })
    }

    fn watch(&self, how: WatchHow, watcher: Arc<dyn Watcher>) -> Result<Arc<dyn Watch>> {
        self.fs.watch(how, watcher)
    }

    fn touched(&self, id: FileId) {
        self.fs.touched(id);
    }
}
