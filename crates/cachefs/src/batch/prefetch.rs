use std::ops::Range;
use std::path::{Path, PathBuf};

use cachefs_vfs::{Access, OpenHow, Result, VfsExt};

use crate::file::CacheFile;
use crate::fs::{CacheFs, WeakFs};
use crate::stats::Counter;
use crate::sync::{Arc, Mutex};

/// What [`CacheFs::prefetch`] is to load: a file, or a range of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefetch {
    path: PathBuf,
    /// In bytes.
    range: Range<u64>,
}

impl Prefetch {
    /// These bytes of the file, and what shares a block with them.
    pub fn range(path: impl Into<PathBuf>, bytes: Range<u64>) -> Self {
        Self { path: path.into(), range: bytes }
    }
}

impl<P: AsRef<Path> + ?Sized> From<&P> for Prefetch {
    fn from(path: &P) -> Self {
        Self::range(path.as_ref(), 0..u64::MAX)
    }
}

impl From<PathBuf> for Prefetch {
    fn from(path: PathBuf) -> Self {
        Self::range(path, 0..u64::MAX)
    }
}

/// What is left to do, for all threads that do it.
type Rest = Arc<Mutex<std::vec::IntoIter<Prefetch>>>;

impl CacheFs {
    /// Has these loaded in the background, by the threads that read ahead ([`crate::CacheBuilder::workers`]). Does not
    /// block. False if none of them was free for it: nothing is loaded then. What cannot be loaded is left out: who
    /// reads it will meet the error himself. To wait for it and hear of errors, use [`Self::warm`].
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use cachefs::{CacheFs, Prefetch};
    /// # use cachefs_vfs::{MemFs, VfsExt};
    /// # let source = Arc::new(MemFs::new());
    /// # source.write("a", &[7; 100])?;
    /// # source.write("b", &[7; 1 << 20])?;
    /// let cache = CacheFs::builder(source).build().unwrap();
    /// assert!(cache.prefetch(["a"]));
    /// assert!(cache.prefetch([Prefetch::range("b", 0..4096)]));
    /// # Ok::<(), cachefs_vfs::Error>(())
    /// ```
    pub fn prefetch<I: Into<Prefetch>>(&self, items: impl IntoIterator<Item = I>) -> bool {
        let items: Vec<Prefetch> = items.into_iter().map(Into::into).collect();
        let threads = self.engine().config.workers.min(items.len());
        let is_nothing = items.is_empty();
        let rest: Rest = Arc::new(Mutex::new(items.into_iter()));
        let spawn = || {
            let (cache, rest) = (self.downgrade(), Arc::clone(&rest));
            self.workers().try_spawn(move || load_all(&cache, &rest))
        };
        let spawned = (0..threads).filter(|_| spawn()).count();
        if spawned < threads {
            self.engine().stats.count(Counter::ReadaheadDropped);
        }
        spawned > 0 || is_nothing
    }

    fn load(&self, item: &Prefetch) -> Result<()> {
        let file = self.open(&item.path, OpenHow::new(Access::Read))?;
        let size = file.attr()?.size;
        if let Some(file) = file.as_any().downcast_ref::<CacheFile>() {
            file.load(item.range.start..item.range.end.min(size));
        }
        Ok(())
    }
}

/// Loads what is left until nothing is, or the cache is gone.
fn load_all(cache: &WeakFs, rest: &Rest) {
    while let Some(item) = { rest.lock().next() }
        && let Some(cache) = cache.upgrade()
    {
        if let Err(error) = cache.load(&item) {
            tracing::debug!(path = %item.path.display(), %error, "prefetching failed");
        }
    }
}
