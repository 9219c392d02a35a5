use std::path::{Path, PathBuf};

use cachefs_vfs::{Errno, VDir};
use tracing::debug;

use super::Core;
use crate::dirty::{DirtyFile, State};
use crate::extent::ExtentMap;
use crate::flush::conflict::nearest;
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
    from: From,
    /// Held so that their segments stay, and with them all later ones: of many records the first is enough.
    _records: [Option<Record>; 2],
}

/// Where the name was.
#[derive(Clone, Debug)]
enum From {
    /// The directory itself, wherever its own name is by now.
    Dir(Arc<dyn VDir>),
    /// The paths that a replay knows of: one of them was it.
    Paths(Vec<PathBuf>),
}

/// A file that was removed, as a replay finds it in the journal.
#[derive(Debug)]
pub(crate) struct Removed {
    /// Its number.
    pub(crate) no: FileNo,
    /// Where it may have been.
    pub(crate) paths: Vec<PathBuf>,
    /// The record that tells of it.
    pub(crate) anchor: Option<Record>,
    /// What was dirty of it.
    pub(crate) extents: ExtentMap<Record>,
}

impl Removals {
    /// The state is of a file that is about to be clean. One that others removed is not kept.
    pub(super) fn put(&self, file: &DirtyFile, state: &State) {
        let (Some(no), Some(dir)) = (state.no, state.removed_from.clone()) else { return };
        debug!(inode = file.id().inode, "its bytes stay in the journal until its removal is durable");
        let _records = [state.anchor.clone(), first_of(&state.extents)];
        self.0.lock().push(Removal { no, from: From::Dir(dir), _records });
    }

    pub(super) fn has(&self, no: FileNo) -> bool {
        self.0.lock().iter().any(|removal| removal.no == no)
    }
}

impl Core {
    pub(crate) fn has_removals(&self) -> bool {
        !self.removals.0.lock().is_empty()
    }

    /// Whether removals keep room of the journal, or are many.
    pub(crate) fn wants_settling(&self) -> bool {
        let kept = self.removals.0.lock().len();
        kept >= MANY || (kept > 0 && self.journal.usage().segments > 1)
    }

    /// Keeps what is left of a removed file in the journal until its removal is durable, as
    /// [`Self::settle_removals`] makes it.
    pub(crate) fn keep_removed(&self, removed: Removed) {
        let Removed { no, paths, anchor, extents } = removed;
        let _records = [anchor, first_of(&extents)];
        self.removals.0.lock().push(Removal { no, from: From::Paths(paths), _records });
    }

    /// Makes removals durable, and lets go of what was kept for them. What fails is tried again the next time. Blocks
    /// for as long as the directories take: nobody who writes may wait for it.
    pub(crate) fn settle_removals(&self) {
        let list = self.removals.0.lock();
        let removals: Vec<_> = list.iter().map(|removal| (removal.no, removal.from.clone())).collect();
        drop(list);
        let mut synced = Vec::new();
        for (no, from) in removals {
            if self.is_settled(&from, &mut synced) {
                self.let_go_of(no);
            }
        }
    }

    fn let_go_of(&self, no: FileNo) {
        let removal = {
            let mut list = self.removals.0.lock();
            let Some(at) = list.iter().position(|removal| removal.no == no) else { return };
            if self.check_stopped().is_err() {
                return;
            }
            let noted = self.journal.append(&Entry::Done { no }, &[]);
            drop(noted.inspect_err(|error| self.look_broken(error)));
            list.swap_remove(at)
        };
        drop(removal);
    }

    fn is_settled(&self, from: &From, synced: &mut Synced) -> bool {
        match from {
            From::Dir(dir) => is_synced(dir, synced),
            From::Paths(paths) => paths.iter().all(|path| {
                let dir = nearest(&*self.backing, path.parent().unwrap_or(Path::new("")));
                dir.is_ok_and(|(dir, _)| is_synced(&dir, synced))
            }),
        }
    }
}

/// The record of what is dirty that was written first.
fn first_of(extents: &ExtentMap<Record>) -> Option<Record> {
    extents.oldest().map(|extent| extent.record.clone())
}

/// Directories that were synced just now, and whether that was well.
type Synced = Vec<(Arc<dyn VDir>, bool)>;

/// Whether the names in it are durable.
fn is_synced(dir: &Arc<dyn VDir>, synced: &mut Synced) -> bool {
    if let Some((_, was)) = synced.iter().find(|(known, _)| Arc::ptr_eq(known, dir)) {
        return *was;
    }
    let is = sync(&**dir);
    synced.push((Arc::clone(dir), is));
    is
}

/// One that is gone itself has no names to come back.
fn sync(dir: &dyn VDir) -> bool {
    match dir.sync() {
        Ok(()) => true,
        Err(error) => matches!(error.errno(), Errno::NOENT | Errno::STALE | Errno::OPNOTSUPP),
    }
}
