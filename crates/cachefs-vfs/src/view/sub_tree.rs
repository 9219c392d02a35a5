use std::path::Path;
use std::sync::Arc;

use super::dir::ViewDir;
use super::rules::Rules;
use crate::{
    Caps, Error, FileId, FsStat, Object, Opened, Result, VDir, Vfs, VfsExt, Watch, WatchHow, Watcher,
};

/// A directory of another filesystem as a filesystem of its own. Nothing above that directory can be reached
/// through it, also while it is moved: it is held, not looked up again.
///
/// There is no [`Vfs::open_id`], as an identity does not tell whether it lies inside.
///
/// ```
/// use std::sync::Arc;
/// use cachefs_vfs::{MemFs, SubTree, VfsExt};
///
/// let fs = Arc::new(MemFs::new());
/// fs.create_dir_all("home/ann")?;
/// fs.write("home/ann/notes", b"...")?;
/// let ann = SubTree::new(fs, "home/ann")?;
/// assert_eq!(ann.read("notes")?, b"...");
/// # Ok::<(), cachefs_vfs::Error>(())
/// ```
#[derive(Debug)]
pub struct SubTree {
    fs: Arc<dyn Vfs>,
    root: Arc<dyn VDir>,
    rules: Arc<Rules>,
}

impl SubTree {
    /// Shows the directory at `path`, given as in [`VfsExt`].
    ///
    /// # Errors
    /// Those of the way there: `ENOENT`, `ENOTDIR` also for symlinks, `EINVAL` for `..`.
    pub fn new(fs: Arc<dyn Vfs>, path: impl AsRef<Path>) -> Result<Self> {
        let root = fs.dir(path)?;
        Ok(Self { fs, root, rules: Arc::new(Rules { read_only: false }) })
    }
}

impl Vfs for SubTree {
    fn caps(&self) -> Caps {
        Caps { open_id: false, ..self.fs.caps() }
    }

    fn root(&self) -> Result<Arc<dyn VDir>> {
        Ok(ViewDir::wrap(Arc::clone(&self.root), &self.rules))
    }

    fn stat_fs(&self) -> Result<FsStat> {
        self.fs.stat_fs()
    }

    fn open_id(&self, _id: FileId) -> Result<Opened<Object>> {
        Err(Error::unsupported())
    }

    fn watch(&self, how: WatchHow, watcher: Arc<dyn Watcher>) -> Result<Arc<dyn Watch>> {
        self.fs.watch(how, watcher)
    }

    fn touched(&self, id: FileId) {
        self.fs.touched(id);
    }
}
