use std::sync::Arc;

use cachefs_vfs::{MemFs, Result, Vfs, VfsExt};

/// The name of the file every contender reads.
pub const NAME: &str = "file";

/// An in-memory filesystem with one file of `size` bytes.
///
/// # Errors
/// If the file can't be written.
pub fn backing(size: usize) -> Result<Arc<dyn Vfs>> {
    let fs = MemFs::new();
    let bytes: Vec<u8> = (0..size).map(|at| (at % 251).to_le_bytes()[0]).collect();
    fs.write(NAME, &bytes)?;
    Ok(Arc::new(fs))
}
