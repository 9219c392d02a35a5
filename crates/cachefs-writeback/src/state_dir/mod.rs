//! Where a write-back keeps its journal, and who owns it.
//!
//! Each source has a directory of its own below a common root (mode 0700):
//!
//! | name | what |
//! |---|---|
//! | `lock` | locked (flock) by the process that writes the journal, and says who that is ([`Holder`]) |
//! | `source.json` | which directory the journal is of ([`Source`]) |
//! | `drain.json` | how far a holder is that only writes back what remains ([`Drain`]) |
//! | `journal/` | the journal |
//!
//! Beside them, `NAME.elsewhere` tells of a state directory below another root ([`Hint`]).
//!
//! It is named after the source's path. Whether what is at that path is still the source that the journal is of is
//! then looked at: the empty directory below a filesystem that is not mounted is another one.

mod drain;
mod error;
mod found;
mod hint;
mod holder;
mod json;
mod lock;
mod path_text;
mod place;
mod record;
mod source;
#[cfg(test)]
mod tests;

use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use cachefs_vfs::{LocalFs, VDir, Vfs};

pub use self::drain::Drain;
pub use self::error::StateError;
pub use self::found::{Found, list};
pub use self::hint::Hint;
pub use self::holder::{Holder, HolderState};
pub use self::place::default_root;
pub use self::source::{Source, state_path};

use self::lock::Lock;
use self::record::Record;
use crate::sync::Arc;

/// The name of the journal's directory.
const JOURNAL: &str = "journal";

/// The state directory of one source, owned by this process until this is dropped or the process ends, however it
/// does. Whoever writes the journal keeps it.
#[derive(Debug)]
pub struct StateDir {
    path: PathBuf,
    dir: OwnedFd,
    record: Record,
    lock: Lock,
}

impl StateDir {
    /// Makes or finds the directory of `source` below `root` (which is made if it is missing) and takes it. `mount` is
    /// where it is going to be served, for others to read.
    ///
    /// If another process has it and is draining, waits for it up to `wait`; `told` gets its progress ten times a
    /// second. A holder that serves is not waited for.
    ///
    /// # Errors
    /// [`StateError`]: held, not ours, readable by others, of another source that still has bytes in it, or inside
    /// the source.
    pub fn open(
        root: &Path,
        source: &Source,
        mount: Option<&Path>,
        wait: Duration,
        mut told: impl FnMut(Option<Drain>),
    ) -> Result<Self, StateError> {
        // Before anything is made: a refusal leaves nothing behind.
        for of in [Some(source.path()), mount].into_iter().flatten() {
            place::outside(&place::meant(root), of)?;
        }
        let root = place::root(root)?;
        place::outside(&root, source.path())?;
        mount.map_or(Ok(()), |mount| place::outside(&root, mount))?;
        let path = root.join(source.dir_name());
        place::make(&path)?;
        let dir = place::open(&path)?;
        let lock = Lock::take(&dir, &path, Holder::this(mount), wait, &mut told)?;
        let record = record::bind(&dir, &path, source)?;
        place::make(&path.join(JOURNAL))?;
        Ok(Self { path, dir, record, lock })
    }

    /// Takes the directory at `path`, one of those of [`list`], whether its source is there or not: to read, save or
    /// discard what is in its journal.
    ///
    /// # Errors
    /// [`StateError`], as [`Self::open`] without the source.
    pub fn open_found(path: &Path) -> Result<Self, StateError> {
        let dir = place::open(path)?;
        let record =
            Record::read(&dir, path)?.ok_or_else(|| StateError::damaged(path, "has no source.json"))?;
        let lock = Lock::take(&dir, path, Holder::this(None), Duration::ZERO, &mut |_| ())?;
        place::make(&path.join(JOURNAL))?;
        Ok(Self { path: path.to_path_buf(), dir, record, lock })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The source, as it was when it was last opened.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.record.source
    }

    /// The numbers (`st_dev`) that the source's filesystem had since this directory was made, the newest first. It
    /// may get another one each time it is mounted; what the journal calls by an earlier one is the same filesystem.
    #[must_use]
    pub fn devices(&self) -> &[u64] {
        &self.record.devices
    }

    /// The journal's directory. Who uses it must keep this `StateDir`.
    ///
    /// # Errors
    /// Those of opening it.
    pub fn journal(&self) -> Result<Arc<dyn VDir>, StateError> {
        Ok(LocalFs::open(self.path.join(JOURNAL))?.root()?)
    }

    /// Whether it lies in memory, where no fsync keeps anything from a loss of power.
    #[must_use]
    pub fn is_volatile(&self) -> bool {
        place::is_volatile(self.dir.as_fd())
    }

    /// Says that from now on what remains is written back, and nothing else is served: whoever comes next waits. To be
    /// called before the mount vanishes.
    ///
    /// # Errors
    /// Those of writing it down.
    pub fn begin_drain(&self) -> Result<(), StateError> {
        self.lock.set_state(&self.path, HolderState::Draining)
    }

    /// Says that the mount is out of the tree, but still used.
    ///
    /// # Errors
    /// Those of writing it down.
    pub fn detach(&self) -> Result<(), StateError> {
        self.lock.set_state(&self.path, HolderState::Detached)
    }

    /// Says how far the drain is, to whoever waits or looks. Readers see this or the one before, never parts.
    ///
    /// # Errors
    /// Those of writing it down; the drain itself need not mind.
    pub fn publish(&self, drain: &Drain) -> Result<(), StateError> {
        self.begin_drain()?;
        drain.write(&self.dir, &self.path)
    }
}

impl Drop for StateDir {
    /// While it is still locked: the next holder finds nothing of this one.
    fn drop(&mut self) {
        Drain::remove(&self.dir);
    }
}
