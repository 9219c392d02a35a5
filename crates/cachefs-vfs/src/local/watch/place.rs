use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use rustix::fs::{AtFlags, CWD, Statx, StatxFlags, readlinkat, statx};
use rustix::io::Errno;

use super::super::{Shared, open};
use super::mounts::{Change, Mounts};
use crate::{Error, Result};

/// Where the root was when the filesystem was opened, and what is mounted below it.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    root: Identity,
    pub(super) mounts: Mounts,
}

type Identity = (u32, u32, u64);

impl Place {
    /// # Errors
    /// `ESTALE` if the path leads elsewhere already.
    pub(super) fn of(shared: &Shared) -> Result<Self> {
        let root = statx(shared.root(), c"", AtFlags::EMPTY_PATH, StatxFlags::INO)?;
        let place =
            Self { path: shared.path.clone(), root: identity(&root), mounts: Mounts::below(&top(shared)?)? };
        place.check()?;
        Ok(place)
    }

    /// Whether the path still leads to the root: `ESTALE` if it does not. That it cannot be followed for another
    /// reason is none to give up the watch.
    pub(super) fn check(&self) -> Result<()> {
        // Asks no daemon and no server: one of them may be mounted there by now.
        let flags = AtFlags::STATX_DONT_SYNC | AtFlags::NO_AUTOMOUNT;
        match statx(CWD, &self.path, flags, StatxFlags::INO) {
            Ok(found) if identity(&found) != self.root => Err(Errno::STALE),
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Err(Errno::STALE),
            _ => Ok(()),
        }
        .map_err(|errno| Error::new(errno).on("watching the directory that was", &self.path))
    }

    /// What is mounted below the root now, if that changed. Of `ended` it is known that it did.
    pub(super) fn mounts_changed(&mut self, shared: &Shared, ended: Vec<u64>) -> Result<Option<Change<'_>>> {
        self.mounts.changed(&top(shared)?, ended)
    }
}

/// The root's path as the table of mounts has it.
fn top(shared: &Shared) -> Result<PathBuf> {
    let path = readlinkat(CWD, open::proc_path(shared.root()), Vec::new())?;
    Ok(PathBuf::from(OsString::from_vec(path.into_bytes())))
}

fn identity(found: &Statx) -> Identity {
    (found.stx_dev_major, found.stx_dev_minor, found.stx_ino)
}
