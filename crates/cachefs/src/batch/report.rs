use std::path::{Path, PathBuf};

use cachefs_vfs::{Error, Result, Version};

/// What became of many paths.
#[derive(Clone, Debug, Default)]
#[must_use = "errors of single paths are in it and nowhere else"]
pub struct BatchReport {
    /// Paths of which it was done.
    pub done: usize,
    /// The others, in no order.
    pub errors: Vec<PathError>,
}

impl BatchReport {
    pub(super) fn note(&mut self, path: &Path, result: Result<()>) {
        match result {
            Ok(()) => self.done += 1,
            Err(error) => self.errors.push(PathError { path: path.to_path_buf(), error }),
        }
    }
}

/// A path of which something could not be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathError {
    /// As it was given.
    pub path: PathBuf,
    /// Why.
    pub error: Error,
}

/// What a cache holds of one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathStats {
    /// As it was given.
    pub path: PathBuf,
    /// The length of the file, in bytes.
    pub size: u64,
    /// Of these, in memory.
    pub cached_bytes: u64,
    /// Blocks that they lie in.
    pub cached_blocks: u64,
    /// Bytes that the backing lacks, where the cache was told of its write-back
    /// ([`crate::CacheBuilder::write_back`]).
    pub dirty_bytes: Option<u64>,
    /// What tells this state of the file from others, by the backing.
    pub version: Version,
    /// The same by the cache: another number after each change by others, and after each invalidation.
    pub generation: u64,
}

impl PathStats {
    /// How much of the file is in memory, 0 to 100; 100 for an empty one.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a percentage: 52 bits are plenty")]
    pub fn cached_percent(&self) -> f64 {
        if self.size == 0 {
            return 100.0;
        }
        (self.cached_bytes as f64 / self.size as f64 * 100.0).min(100.0)
    }
}
