use std::path::{Path, PathBuf};

use super::record::Record;
use super::{Drain, Holder, Source, StateError, lock, place};

/// A state directory, as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// Which source it is of.
    pub source: Source,
    /// Whether a process has it.
    pub held: bool,
    /// Which one, if that is written down.
    pub holder: Option<Holder>,
    /// How far it is, if it is draining and says so.
    pub drain: Option<Drain>,
}

impl Found {
    /// The one at this path; `None` if it is of no source yet. Changes nothing.
    ///
    /// # Errors
    /// Why it cannot be looked at.
    pub fn at(path: &Path) -> Result<Option<Self>, StateError> {
        let dir = place::open(path)?;
        let Some(record) = Record::read(&dir, path)? else { return Ok(None) };
        let held = lock::held(&dir, path)?;
        let drain = held.as_ref().and_then(|_| Drain::read(&dir, path));
        let (is_held, holder) = (held.is_some(), held.flatten());
        Ok(Some(Self { path: path.to_path_buf(), source: record.source, held: is_held, holder, drain }))
    }
}

/// The state directories below `root`, by name; those that cannot be looked at with the reason. None if there is no
/// `root`. Changes nothing.
///
/// # Errors
/// `root` cannot be read.
pub fn list(root: &Path) -> Result<Vec<Result<Found, StateError>>, StateError> {
    let entries = match std::fs::read_dir(root) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        opened => opened.map_err(StateError::io("reading", root))?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        let entry = entry.map_err(StateError::io("reading", root))?;
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            paths.push(entry.path());
        }
    }
    paths.sort_unstable();
    Ok(paths.iter().filter_map(|path| Found::at(path).transpose()).collect())
}
