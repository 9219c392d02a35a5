//! Clean files of which the backing has bytes that it did not sync. The sync of a directory above them is to make these
//! durable, too, so they are remembered until then; those that have to be forgotten are synced first.

use std::thread;

use cachefs_vfs::{FileId, Result, VFile};
use tracing::warn;

use super::{Core, Turn};
use crate::dirty::{DirtyFile, State};
use crate::overlay::Place;
use crate::sync::{Arc, AtomicUsize, Mutex, Ordering};

/// Files that wait for a flusher, at most. Whoever brings more has to do it.
const LEAVING_MAX: usize = 256;

/// So many are synced one after the other.
const FEW: usize = 4;

/// Files that have to be forgotten as soon as they are synced.
#[derive(Debug, Default)]
pub(super) struct Leaving(Mutex<Vec<FileId>>);

impl Turn<'_> {
    /// Says where a clean file is, of which nobody may have asked before.
    pub(crate) fn at_place(&self, place: &Arc<Place>) -> &Self {
        let mut state = self.file().state();
        if !state.is_dirty() && state.place.as_ref().is_none_or(|place| place.spot().is_none()) {
            state.place = Some(Arc::clone(place));
        }
        drop(state);
        self
    }

    /// A verb changed bytes of a clean file of which nobody knows any more where it is: now it can be synced, later it
    /// could not be.
    ///
    /// # Errors
    /// Those of the sync.
    pub(crate) fn sync_astray(&self, handle: &Arc<dyn VFile>) -> Result<()> {
        let astray = {
            let state = self.file().state();
            !state.is_dirty() && state.has_unsynced_bytes() && self.core.is_astray(&state)
        };
        if astray { self.core.sync_backing(self.file(), Some(handle)) } else { Ok(()) }
    }

    /// One of several names of a clean file is about to go. It may be the only one by which the file is to be found.
    ///
    /// # Errors
    /// Those of the sync.
    pub(crate) fn before_removal(&self) -> Result<()> {
        let lost = {
            let state = self.file().state();
            (state.several || state.own.is_none()) && !state.is_dirty() && state.has_unsynced_bytes()
        };
        if lost { self.core.sync_backing(self.file(), None) } else { Ok(()) }
    }
}

impl Core {
    /// A clean file was changed at the backing.
    pub(super) fn remember_unsynced(&self, file: &Arc<DirtyFile>) {
        let new = {
            let mut state = file.state();
            let new = !state.is_dirty() && state.has_unsynced_bytes() && !state.remembered;
            state.remembered |= new;
            new
        };
        if new {
            let over = self.table.remember(file.id());
            self.forget(over);
        }
    }

    /// Forgets clean files; those with unsynced bytes a flusher syncs first, or the caller if there is none.
    pub(super) fn forget(&self, ids: Vec<FileId>) {
        let mut left = 0;
        for id in ids {
            let Some(file) = self.table.get(id) else { continue };
            let unsynced = {
                let mut state = file.state();
                state.remembered = false;
                !state.is_dirty() && state.has_unsynced_bytes()
            };
            if unsynced {
                let mut leaving = self.leaving.0.lock();
                leaving.push(id);
                left = leaving.len();
            } else {
                self.forget_synced(&file);
            }
        }
        match left {
            0 => {}
            _ if self.config.flushers == 0 || left > LEAVING_MAX => self.sync_leaving(),
            _ => self.bell.ring(),
        }
    }

    fn forget_synced(&self, file: &Arc<DirtyFile>) {
        // As long as its `Done` is not durable, whoever changes it past the journal has to know.
        let committed = self.journal.committed();
        let may =
            |state: &State| !state.is_dirty() && state.newest <= committed && !state.has_unsynced_bytes();
        if !self.table.forget(file, may) && !file.is_dirty() {
            self.remember_again(file);
        }
    }

    fn remember_again(&self, file: &DirtyFile) {
        file.state().remembered = true;
        self.table.remember_again(file.id());
    }

    /// Syncs and forgets the files that wait for it.
    pub(crate) fn sync_leaving(&self) {
        let leaving = std::mem::take(&mut *self.leaving.0.lock());
        if leaving.is_empty() {
            return;
        }
        let files: Vec<_> = leaving.into_iter().filter_map(|id| self.table.get(id)).collect();
        let results = self.each(&files, |file| self.sync_backing(file, None));
        for (file, result) in files.into_iter().zip(results) {
            match result {
                Ok(()) => self.forget_synced(&file),
                Err(error) if self.table.is_crowded() => {
                    warn!(%error, "what the backing does not sync is not remembered any longer");
                    let mut state = file.state();
                    state.synced = state.wrote & !1;
                    drop(state);
                    self.forget_synced(&file);
                }
                Err(_) => self.remember_again(&file),
            }
        }
    }

    /// Does something for each file, several at once where they are many.
    pub(super) fn each(
        &self,
        files: &[Arc<DirtyFile>],
        work: impl Fn(&Arc<DirtyFile>) -> Result<()> + Sync,
    ) -> Vec<Result<()>> {
        let threads = if files.len() > FEW { self.config.flushers.min(files.len()) } else { 0 };
        if threads <= 1 {
            return files.iter().map(work).collect();
        }
        let results: Vec<_> = files.iter().map(|_| Mutex::new(Ok(()))).collect();
        let next = AtomicUsize::new(0);
        let work_off = || {
            while let Some(index) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|&at| at < files.len())
            {
                *results[index].lock() = work(&files[index]);
            }
        };
        thread::scope(|scope| {
            for _ in 1..threads {
                // With fewer threads it takes longer.
                drop(thread::Builder::new().name("sync".into()).spawn_scoped(scope, work_off));
            }
            work_off();
        });
        results.into_iter().map(Mutex::into_inner).collect()
    }
}
