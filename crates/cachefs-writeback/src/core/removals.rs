use cachefs_vfs::{Errno, VDir};
use tracing::debug;

use super::Core;
use crate::dirty::{DirtyFile, State};
use crate::extent::ExtentMap;
use crate::journal::{Entry, FileNo, Record};
use crate::sync::{Arc, Mutex};

/// So many are settled soon, whatever room the journal has.
const MANY: usize = 64;

/// Files with promised bytes whose last name we removed. If the power goes before the backing's directory is durable
/// the name is back, and so must be the bytes: until then the journal keeps them.
#[derive(Debug, Default)]
pub(super) struct Removals(Mutex<Vec<Removal>>);

#[derive(Debug)]
struct Removal {
    no: FileNo,
    /// Where the name was: the directory itself, wherever its own name is by now.
    dir: Arc<dyn VDir>,
    /// Held so that their segments stay.
    _records: (Option<Record>, ExtentMap<Record>),
}

impl Removals {
    /// The state is of a file that is about to be clean. One that others removed is not kept.
    pub(super) fn put(&self, file: &DirtyFile, state: &State) {
        let (Some(no), Some(dir)) = (state.no, state.removed_from.clone()) else { return };
        debug!(inode = file.id().inode, "its bytes stay in the journal until its removal is durable");
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

    /// Makes removals durable, and lets go of what was kept for them. What fails is tried again the next time.
    pub(crate) fn settle_removals(&self) {
        let removals = std::mem::take(&mut *self.removals.0.lock());
        let mut dirs: Vec<(&Arc<dyn VDir>, bool)> = Vec::new();
        for Removal { dir, .. } in &removals {
            if !dirs.iter().any(|(known, _)| Arc::ptr_eq(known, dir)) {
                dirs.push((dir, is_synced(&**dir)));
            }
        }
        let failed: Vec<_> =
            dirs.iter().filter(|(_, synced)| !synced).map(|(dir, _)| Arc::clone(dir)).collect();
        let is_failed = |removal: &Removal| failed.iter().any(|dir| Arc::ptr_eq(dir, &removal.dir));
        let (again, settled): (Vec<_>, Vec<_>) = removals.into_iter().partition(is_failed);
        for Removal { no, .. } in &settled {
            let noted = self.journal.append(&Entry::Done { no: *no }, &[]);
            drop(noted.inspect_err(|error| self.look_broken(error)));
        }
        self.removals.0.lock().extend(again);
    }
}

/// Whether the names in it are durable. One that is gone itself has none to come back.
fn is_synced(dir: &dyn VDir) -> bool {
    match dir.sync() {
        Ok(()) => true,
        Err(error) => matches!(error.errno(), Errno::NOENT | Errno::STALE | Errno::OPNOTSUPP),
    }
}
