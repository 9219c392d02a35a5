//! Directories that nobody else may look into.

use std::env;
use std::ffi::OsString;
use std::fs::DirBuilder;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FsWord, Mode, OFlags, RawMode, Stat, fstat, fstatfs, openat, stat};
use rustix::io::Errno;
use rustix::process::geteuid;

use super::StateError;

/// Filesystems that a loss of power takes away: tmpfs and ramfs.
const VOLATILE: [FsWord; 2] = [0x0102_1994, 0x8584_58f6];

/// The permission bits of a mode.
const PERMISSIONS: RawMode = 0o7777;

/// Where state directories are if nobody says otherwise: `/var/lib/cachefs` for root, else `cachefs` in
/// `$XDG_STATE_HOME` or `~/.local/state`.
///
/// # Errors
/// [`StateError::NoHome`].
pub fn default_root() -> Result<PathBuf, StateError> {
    root_of(geteuid().is_root(), env::var_os("XDG_STATE_HOME"), env::var_os("HOME"))
}

fn root_of(is_root: bool, state: Option<OsString>, home: Option<OsString>) -> Result<PathBuf, StateError> {
    let absolute = |text: Option<OsString>| text.map(PathBuf::from).filter(|path| path.is_absolute());
    if is_root {
        return Ok("/var/lib/cachefs".into());
    }
    let state = absolute(state).or_else(|| absolute(home).map(|home| home.join(".local/state")));
    Ok(state.ok_or(StateError::NoHome)?.join("cachefs"))
}

/// The root of state directories, made if it is missing; without symlinks.
pub(super) fn root(path: &Path) -> Result<PathBuf, StateError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700).create(path).map_err(StateError::io("creating", path))?;
    let root = path.canonicalize().map_err(StateError::io("looking for", path))?;
    let found = stat(&root).map_err(StateError::io("looking at", &root))?;
    // Its owner, and whoever may write to it, could put a directory of theirs in the place of ours.
    if found.st_uid != 0 && found.st_uid != geteuid().as_raw() {
        return Err(StateError::Foreign { path: root, uid: found.st_uid });
    }
    let mode = found.st_mode & PERMISSIONS;
    if mode & 0o022 != 0 && mode & 0o1000 == 0 {
        return Err(StateError::Open { path: root, mode, wanted: mode & !0o022 });
    }
    Ok(root)
}

/// What a path leads to, of which the last parts may be missing.
pub(super) fn meant(path: &Path) -> PathBuf {
    let missing = path.ancestors().take_while(|part| part.canonicalize().is_err()).count();
    let Some(there) = path.ancestors().nth(missing) else { return path.to_path_buf() };
    let resolved = there.canonicalize().unwrap_or_else(|_| there.to_path_buf());
    path.strip_prefix(there).map_or_else(|_| path.to_path_buf(), |rest| resolved.join(rest))
}

/// Refuses a root that lies in `place`, which may be missing.
pub(super) fn outside(root: &Path, place: &Path) -> Result<(), StateError> {
    let place = place.canonicalize().unwrap_or_else(|_| place.to_path_buf());
    if root.starts_with(&place) {
        return Err(StateError::Inside { path: root.to_path_buf(), inside: place });
    }
    Ok(())
}

/// Makes a directory for ourselves alone, durably, unless it is there.
pub(super) fn make(path: &Path) -> Result<(), StateError> {
    match DirBuilder::new().mode(0o700).create(path).map_err(|error| Errno::from_io_error(&error)) {
        Ok(()) => {}
        Err(Some(Errno::EXIST)) => return Ok(()),
        Err(error) => return Err(StateError::io("creating", path)(error.unwrap_or(Errno::IO))),
    }
    let parent = path.parent().unwrap_or(Path::new("/"));
    let synced = std::fs::File::open(parent).and_then(|parent| parent.sync_all());
    synced.map_err(StateError::io("syncing", parent))
}

/// Opens a directory that is ours alone.
pub(super) fn open(path: &Path) -> Result<OwnedFd, StateError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let dir = openat(CWD, path, flags, Mode::empty()).map_err(StateError::io("opening", path))?;
    let found = fstat(&dir).map_err(StateError::io("looking at", path))?;
    ours_alone(path, &found)?;
    Ok(dir)
}

fn ours_alone(path: &Path, found: &Stat) -> Result<(), StateError> {
    let (path, mode) = (path.to_path_buf(), found.st_mode & PERMISSIONS);
    if found.st_uid != geteuid().as_raw() {
        return Err(StateError::Foreign { path, uid: found.st_uid });
    }
    if mode & 0o077 != 0 {
        return Err(StateError::Open { path, mode, wanted: 0o700 });
    }
    Ok(())
}

pub(super) fn is_volatile(dir: BorrowedFd<'_>) -> bool {
    fstatfs(dir).is_ok_and(|found| VOLATILE.contains(&found.f_type))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(is_root: bool, state: Option<&str>, home: Option<&str>) -> Result<PathBuf, StateError> {
        root_of(is_root, state.map(OsString::from), home.map(OsString::from))
    }

    #[test]
    fn the_default_is_where_state_belongs() {
        assert_eq!(of(true, Some("/x"), Some("/root")), Ok("/var/lib/cachefs".into()));
        assert_eq!(of(false, Some("/x"), Some("/home/u")), Ok("/x/cachefs".into()));
        assert_eq!(of(false, Some("relative"), Some("/home/u")), Ok("/home/u/.local/state/cachefs".into()));
        assert_eq!(of(false, None, Some("/home/u")), Ok("/home/u/.local/state/cachefs".into()));
        assert_eq!(of(false, None, None), Err(StateError::NoHome));
    }
}
