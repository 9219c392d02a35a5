use std::fmt::Debug;

use cachefs_vfs::{Name, Result};

/// Something that reads files of a backing, with or without a cache in between.
pub trait Contender: Debug {
    /// What the reports call it.
    fn name(&self) -> &'static str;

    /// Opens the file of this name in the root, reads from its start until the buffer is full or the file ends, and
    /// closes it. Answers how many bytes were read.
    ///
    /// # Errors
    /// Whatever the backing says, where the cache can't help.
    fn read(&self, name: Name<'_>, buffer: &mut [u8]) -> Result<usize>;

    /// Forgets whatever was cached of the file, so that the next read is a miss.
    ///
    /// # Errors
    /// If the cache can't.
    fn forget(&self, name: Name<'_>) -> Result<()>;
}
