use std::ffi::OsString;
use std::ops::ControlFlow;

use cachefs_vfs::{Cookie, Name, RemoveKind, VDir};

use super::RecoverError;
use super::inspect::look;
use crate::sync::Arc;

/// What was thrown away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Discarded {
    /// Files of which dirty bytes were in the journal, as far as it could be read.
    pub files: u64,
    /// How many bytes.
    pub bytes: u64,
    /// Segments removed.
    pub segments: u64,
}

/// Removes the journal in `dir`, also one that cannot be read. What was dirty is lost. Nobody may have it open.
///
/// # Errors
/// Those of listing the directory and of removing its files.
pub fn discard(dir: &Arc<dyn VDir>) -> Result<Discarded, RecoverError> {
    let folded = look(dir).map(|folded| folded.files).unwrap_or_default();
    let mut names = segments(dir).map_err(RecoverError::Journal)?;
    // The oldest first, each for good before the next: what is left of a discard that was cut short has ends without
    // beginnings, never a flush that seems to be under way.
    names.sort();
    for name in &names {
        remove(dir, name).map_err(RecoverError::Journal)?;
    }
    Ok(Discarded {
        files: count(folded.len()),
        bytes: folded.iter().map(|file| file.extents.bytes()).sum(),
        segments: count(names.len()),
    })
}

fn segments(dir: &Arc<dyn VDir>) -> cachefs_vfs::Result<Vec<OsString>> {
    let mut names = Vec::new();
    dir.read_dir(Cookie::START, &mut |entry| {
        let name = entry.name.as_os_str();
        if name.as_encoded_bytes().ends_with(b".journal") {
            names.push(name.to_owned());
        }
        ControlFlow::Continue(())
    })?;
    Ok(names)
}

fn remove(dir: &Arc<dyn VDir>, name: &OsString) -> cachefs_vfs::Result<()> {
    dir.remove(Name::new(name)?, RemoveKind::File).map_err(|error| error.on("removing", name))?;
    dir.sync()
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
