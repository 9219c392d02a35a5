use std::path::Path;

use cachefs_vfs::{Access, Errno, FileId, Result, SyncHow, VFile, nowait};

use super::{Core, Target};
use crate::dirty::{DirtyFile, State};
use crate::overlay::Place;
use crate::sync::Arc;
use crate::{Durability, SyncPolicy};

impl Core {
    /// Makes durable what was written to a file before the call, dirty or not, as the configuration says. The target's
    /// handle need not be good for writing.
    ///
    /// # Errors
    /// What kept a flush of this file from succeeding, once for each listener; those of the backing and of the journal.
    pub(crate) fn sync_file(&self, target: &Target<'_>, how: SyncHow) -> Result<()> {
        nowait::check()?;
        let Some(file) = self.table.get(target.id) else {
            return target.handle.sync(how);
        };
        if !file.is_dirty() {
            return Self::sync_clean(&file, target, how);
        }
        if let Some(error) = file.state().report(target.listener) {
            return Err(error);
        }
        self.promise(&file);
        let backing = self.config.durability == Durability::Backing || self.is_broken();
        if backing || self.is_nowhere(&file) {
            self.flush_for(&file, target.listener)?;
        } else if self.config.sync != SyncPolicy::Always {
            return Ok(());
        } else if !self.commit_noted(&file) {
            // It broke just now. What it does not keep has to be in the backing.
            self.flush_for(&file, target.listener)?;
        }
        self.sync_backing(&file, Some(target.handle))
    }

    /// Whether it has no name, and nobody knows which it had: those that the power brings back are to have its bytes,
    /// whether there is a replay that would find it or not.
    fn is_nowhere(&self, file: &DirtyFile) -> bool {
        let state = file.state();
        state.unlinked && state.removed_from.is_none() && self.config.sync == SyncPolicy::Always
    }

    /// Names of a clean file come and go without its being told: the backing is always asked.
    fn sync_clean(file: &DirtyFile, target: &Target<'_>, how: SyncHow) -> Result<()> {
        let changed = file.state().wrote & !1;
        target.handle.sync(how)?;
        let mut state = file.state();
        if how == SyncHow::All {
            state.synced = state.synced.max(changed);
        } else if state.bytes <= changed {
            state.bytes = 0;
        }
        Ok(())
    }

    /// Makes durable all bytes that were written to beneath a directory, or anywhere, since the start: dirty ones, and
    /// those that the backing has and did not sync. The names are the caller's to sync.
    ///
    /// # Errors
    /// The first of those of the files and of the journal; all are tried.
    pub(crate) fn sync_dir(&self, dir: &Place) -> Result<()> {
        nowait::check()?;
        let mut files = self.table.all();
        let path = dir.path();
        files.retain(|file| path.as_ref().is_none_or(|path| is_beneath(file, dir.id(), path)));
        files.iter().for_each(|file| self.promise(file));
        let backing = self.config.durability == Durability::Backing;
        if !backing && self.config.sync != SyncPolicy::Always {
            return Ok(());
        }
        let kept = !backing && !self.is_broken() && self.journal.commit(self.journal.last()).is_ok();
        files.retain(|file| !kept || file.state().is_unsynced());
        let results = self.each(&files, |file| {
            if !kept {
                self.flush_file(file)?;
            }
            self.sync_backing(file, None)
        });
        results.into_iter().find(Result::is_err).unwrap_or(Ok(()))
    }

    /// Whether the journal may let go of the file's bytes only when the backing has them for good.
    pub(crate) fn is_promised(&self, state: &State) -> bool {
        state.promised || self.config.sync == SyncPolicy::EverySecond || self.is_broken()
    }

    /// Whether nobody will find it again: what is not synced with its handle is not synced ever. The name by which it
    /// was known is gone, and perhaps it has others.
    pub(crate) fn is_astray(&self, state: &State) -> bool {
        let has_name = || state.place.as_ref().is_some_and(|place| place.spot().is_some());
        !state.unlinked && !self.backing.caps().open_id && !has_name()
    }

    /// A flush of this file is not over before the backing has synced it.
    fn promise(&self, file: &DirtyFile) {
        let mut state = file.state();
        state.promised = state.is_dirty();
    }

    /// Has the backing sync what we changed there, where it did not yet.
    pub(crate) fn sync_backing(&self, file: &Arc<DirtyFile>, handle: Option<&Arc<dyn VFile>>) -> Result<()> {
        let (changed, own_handle) = {
            let state = file.state();
            // A flush under way syncs by itself, or leaves what it writes in the journal.
            let changed = state.wrote & !1;
            if changed <= state.synced {
                return Ok(());
            }
            (changed, state.handle.clone())
        };
        let handle = match handle.cloned().or(own_handle) {
            Some(handle) => handle,
            None if file.state().unlinked => return Ok(()),
            None => match self.open_to_sync(file)? {
                Some(handle) => handle,
                None => {
                    let mut state = file.state();
                    state.synced = state.synced.max(changed);
                    return Ok(());
                }
            },
        };
        handle.sync(SyncHow::All).map_err(|error| error.on("syncing", file.told()))?;
        let mut state = file.state();
        state.synced = state.synced.max(changed);
        Ok(())
    }

    /// `None` if it is not to be found: nobody can come by its bytes.
    fn open_to_sync(&self, file: &DirtyFile) -> Result<Option<Arc<dyn VFile>>> {
        let opened = match self.open_for(file, Access::Read) {
            Err(error) if matches!(error.errno(), Errno::ACCESS | Errno::PERM) => {
                self.open_for(file, Access::Write)
            }
            opened => opened,
        };
        match opened {
            Err(error) if error.is_not_found() => Ok(None),
            opened => opened.map(Some),
        }
    }
}

/// Whether it may be beneath a directory: by its path, or by what the directories above it are, as others may have
/// renamed these.
fn is_beneath(file: &DirtyFile, dir: FileId, path: &Path) -> bool {
    let (anywhere, place) = {
        let state = file.state();
        // Of what went through nobody asked how many names it has.
        (state.elsewhere || state.several || state.own.is_none(), state.place.clone())
    };
    let Some(place) = place.filter(|_| !anywhere) else { return true };
    place.path().is_none_or(|known| known.starts_with(path)) || place.is_beneath(dir)
}
