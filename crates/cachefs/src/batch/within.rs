use std::ffi::OsStr;
use std::path::Path;

use cachefs_vfs::{Pattern, Result};

use super::known::Met;
use crate::fs::CacheFs;
use crate::invalidate::names;
use crate::stats::Counter;

impl CacheFs {
    /// Forgets what is known at and beneath a path, by whole components: `data` is not `database`. The empty path is
    /// everything. Asks nobody: goes by the names that are known, and also forgets what may be there, for all the cache
    /// knows: files with several names, and those whose name it does not know any more. Answers how many
    /// files and directories it forgot. Costs a look at every name that is known.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use cachefs::CacheFs;
    /// # use cachefs_vfs::{MemFs, VfsExt};
    /// # let source = Arc::new(MemFs::new());
    /// # source.create_dir_all("data/deep")?;
    /// # source.create_dir_all("database")?;
    /// # source.write("data/deep/a", b"a")?;
    /// # source.write("database/b", b"b")?;
    /// let cache = CacheFs::builder(source).build().unwrap();
    /// cache.read("data/deep/a")?;
    /// cache.read("database/b")?;
    /// assert_eq!(cache.invalidate_prefix("data")?, 3, "data, data/deep and the file in it");
    /// let cached: Vec<u64> =
    ///     cache.batch_stats(["data/deep/a", "database/b"]).0.iter().map(|of| of.cached_bytes).collect();
    /// assert_eq!(cached, [0, 1]);
    /// # Ok::<(), cachefs_vfs::Error>(())
    /// ```
    ///
    /// # Errors
    /// `EINVAL` for a path with `..` in it.
    pub fn invalidate_prefix(&self, path: impl AsRef<Path>) -> Result<usize> {
        let path = path.as_ref();
        let parts = names(path).map_err(|error| error.on("invalidating beneath", path))?;
        self.engine().stats.count(Counter::InvalidatedManual);
        if parts.is_empty() {
            let count = self.engine().nodes.len();
            self.clear();
            return Ok(count);
        }
        // How many components match so far; `None` where the way leads elsewhere.
        Ok(self.forget_known(Some(0), |matched, name, _| match matched {
            Some(at) if parts[at].as_os_str() == name => {
                let whole = at + 1 == parts.len();
                Met { doomed: whole, below: (!whole).then_some(Some(at + 1)) }
            }
            _ => Met { doomed: false, below: Some(None) },
        }))
    }

    /// Forgets what is known of the paths that match (see [`cachefs_vfs::VfsExt::glob`]), also of those that do not
    /// exist. A directory's names go with it, what is beneath it stays, unless that matches. Otherwise as
    /// [`Self::invalidate_prefix`].
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use cachefs::CacheFs;
    /// # use cachefs_vfs::{MemFs, VfsExt};
    /// # let source = Arc::new(MemFs::new());
    /// # source.create_dir_all("src")?;
    /// # source.write("src/a.o", b"a")?;
    /// # source.write("src/a.c", b"b")?;
    /// let cache = CacheFs::builder(source).build().unwrap();
    /// cache.read("src/a.o")?;
    /// cache.read("src/a.c")?;
    /// assert_eq!(cache.invalidate_glob("**/*.o")?, 1);
    /// # Ok::<(), cachefs_vfs::Error>(())
    /// ```
    ///
    /// # Errors
    /// `EINVAL` for a pattern that is none.
    pub fn invalidate_glob(&self, glob: &str) -> Result<usize> {
        let pattern = Pattern::new(glob).map_err(|error| error.on("invalidating what matches", glob))?;
        self.engine().stats.count(Counter::InvalidatedManual);
        Ok(self.forget_known(pattern.start(), |places, name: &OsStr, is_dir| {
            let next = pattern.step(places, name, is_dir);
            Met { doomed: pattern.is_match(next), below: Some(next) }
        }))
    }
}
