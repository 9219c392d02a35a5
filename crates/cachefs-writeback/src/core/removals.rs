use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use cachefs_vfs::{Errno, Result};
use tracing::debug;

use super::Core;
use crate::dirty::{DirtyFile, State};
use crate::extent::ExtentMap;
use crate::flush::walk;
use crate::journal::{Entry, FileNo, Record};
use crate::sync::Mutex;

/// So many are settled soon, whatever room the journal has.
const MANY: usize = 64;

/// Files with promised bytes whose last name we removed. If the power goes before the backing's directory is durable
/// the name is back, and so must be the bytes: until then the journal keeps them.
#[derive(Debug, Default)]
pub(super) struct Removals(Mutex<Vec<Removal>>);

#[derive(Debug)]
struct Removal {
    no: FileNo,
    dir: PathBuf,
    /// Held so that their segments stay.
    _records: (Option<Record>, ExtentMap<Record>),
}

impl Removals {
    /// The state is of a file that is about to be clean.
    pub(super) fn put(&self, file: &DirtyFile, state: &State) {
        let Some(no) = state.no else { return };
        debug!(inode = file.id().inode, "its bytes stay in the journal until its removal is durable");
        let dir = state.hint.parent().unwrap_or(Path::new("")).to_path_buf();
        let _records = (state.anchor.clone(), state.extents.clone());
        self.0.lock().push(Removal { no, dir, _records });
    }

    pub(super) fn has(&self, no: FileNo) -> bool {
        self.0.lock().iter().any(|removal| removal.no == no)
    }
}

impl Core {
    pub(crate) fn has_many_removals(&self) -> bool {
        self.removals.0.lock().len() >= MANY
    }

    /// Makes removals durable, and lets go of what was kept for them.
    pub(crate) fn settle_removals(&self) {
        let removals = std::mem::take(&mut *self.removals.0.lock());
        let dirs: BTreeSet<PathBuf> = removals.iter().map(|removal| removal.dir.clone()).collect();
        let failed: BTreeSet<PathBuf> =
            dirs.into_iter().filter(|dir| self.sync_names(dir).is_err()).collect();
        let (again, settled): (Vec<_>, Vec<_>) =
            removals.into_iter().partition(|removal| failed.contains(&removal.dir));
        for Removal { no, .. } in &settled {
            drop(
                self.journal
                    .append(&Entry::Done { no: *no }, &[])
                    .inspect_err(|error| self.look_broken(error)),
            );
        }
        self.removals.0.lock().extend(again);
    }

    fn sync_names(&self, dir: &Path) -> Result<()> {
        match walk(&*self.backing, dir) {
            // Moved or removed since: there is no telling by whom, and nothing to be had by waiting.
            Err(error) if matches!(error.errno(), Errno::NOENT | Errno::NOTDIR) => Ok(()),
            found => found?.sync(),
        }
    }
}
