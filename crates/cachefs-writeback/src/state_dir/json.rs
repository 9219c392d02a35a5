//! Small files of JSON in a state directory.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{Mode, OFlags, fsync, openat, renameat};
use rustix::io::Errno;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StateError;

/// Longer ones are not ours.
const LENGTH_MAX: u64 = 64 << 10;

/// How long a file has to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// Also after a loss of power.
    Always,
    /// As long as the system runs.
    WhileRunning,
}

/// Reads a file. `None` if there is none.
pub(super) fn read<T: DeserializeOwned>(
    dir: &OwnedFd,
    path: &Path,
    name: &str,
) -> Result<Option<T>, StateError> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let file = match openat(dir, name, flags, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(None),
        opened => opened.map_err(StateError::io("opening", &path.join(name)))?,
    };
    let mut text = Vec::new();
    let mut file = File::from(file).take(LENGTH_MAX);
    file.read_to_end(&mut text).map_err(StateError::io("reading", &path.join(name)))?;
    match serde_json::from_slice(&text) {
        Ok(value) => Ok(Some(value)),
        Err(error) => Err(StateError::damaged(path, format!("has a {name} that cannot be read ({error})"))),
    }
}

/// Puts a file in place of another one of its name, if there is one: at any moment there is one or the other.
pub(super) fn replace<T: Serialize>(
    dir: &OwnedFd,
    path: &Path,
    name: &str,
    value: &T,
    keep: Keep,
) -> Result<(), StateError> {
    let new = format!("{name}.new");
    let mut text = serde_json::to_vec_pretty(value)
        .map_err(|error| StateError::damaged(path, format!("cannot hold {name} ({error})")))?;
    text.push(b'\n');
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let mut file = openat(dir, &new, flags, Mode::RUSR | Mode::WUSR)
        .map(File::from)
        .map_err(StateError::io("creating", &path.join(&new)))?;
    file.write_all(&text).map_err(StateError::io("writing", &path.join(&new)))?;
    if keep == Keep::Always {
        file.sync_all().map_err(StateError::io("syncing", &path.join(&new)))?;
    }
    renameat(dir, &new, dir, name).map_err(StateError::io("renaming", &path.join(&new)))?;
    if keep == Keep::Always {
        fsync(dir).map_err(StateError::io("syncing", path))?;
    }
    Ok(())
}
