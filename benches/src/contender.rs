use std::fmt::Debug;

use cachefs_vfs::{Name, Result};

/// Something that reads and writes files of a backing, with or without a cache in between. All of them are in one
/// directory, the root.
pub trait Contender: Debug + Send + Sync {
    /// Opens the file, reads from its start until the buffer is full or the file ends, and closes it. Answers how
    /// many bytes were read.
    ///
    /// # Errors
    /// Whatever the backing says, where the cache can't help.
    fn read(&self, name: Name<'_>, buffer: &mut [u8]) -> Result<usize>;

    /// The same by reads of `step` bytes, front to back.
    ///
    /// # Errors
    /// As [`Self::read`].
    fn read_steps(&self, name: Name<'_>, step: usize, buffer: &mut [u8]) -> Result<usize>;

    /// Opens the file, fills the buffer from each of the `places` in turn, and closes it.
    ///
    /// # Errors
    /// As [`Self::read`].
    fn read_places(&self, name: Name<'_>, places: &[u64], buffer: &mut [u8]) -> Result<()>;

    /// Opens the file, or makes it, writes `bytes` over its start, and closes it. What lies behind stays.
    ///
    /// # Errors
    /// Whatever the backing says.
    fn write(&self, name: Name<'_>, bytes: &[u8]) -> Result<()>;

    /// The length of the file, by its name.
    ///
    /// # Errors
    /// Whatever the backing says.
    fn size(&self, name: Name<'_>) -> Result<u64>;

    /// Forgets what was cached of these files: by one call where the contender has one, else one by one.
    ///
    /// # Errors
    /// If the cache can't.
    fn invalidate(&self, names: &[String]) -> Result<()>;

    /// Forgets everything. `names` is what there is, for those who have to go through it.
    ///
    /// # Errors
    /// If the cache can't.
    fn clear(&self, names: &[String]) -> Result<()>;

    /// Reads these files into the cache, of `size` bytes each: by its own means where it has some, else one by one.
    ///
    /// # Errors
    /// Of the first file that can't be read.
    fn warm(&self, names: &[String], size: usize) -> Result<()>;
}
