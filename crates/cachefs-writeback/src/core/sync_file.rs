use std::path::Path;

use cachefs_vfs::{Error, Result, SyncHow, VFile, nowait};

use super::{Core, Target};
use crate::dirty::{DirtyFile, State};
use crate::sync::Arc;
use crate::{Durability, SyncPolicy};

impl Core {
    /// Makes durable what was written to a file before the call, dirty or not, as the configuration says. The target's
    /// handle need not be good for writing.
    ///
    /// # Errors
    /// What kept a flush of this file from succeeding, once for each handle; those of the backing and of the journal.
    pub(crate) fn sync_file(&self, target: &Target<'_>, how: SyncHow) -> Result<()> {
        nowait::check()?;
        let Some(file) = self.table.get(target.id) else {
            return target.handle.sync(how);
        };
        if !file.is_dirty() {
            return Self::sync_clean(&file, target, how);
        }
        if let Some(error) = file.state().report(target.errors) {
            return Err(error);
        }
        self.promise(&file);
        if self.config.durability == Durability::Backing || self.is_broken() {
            self.flush_file(&file)?;
        } else if self.config.sync != SyncPolicy::Always {
            return Ok(());
        } else if !self.commit_noted(&file) {
            // It broke just now. What it does not keep has to be in the backing.
            self.flush_file(&file)?;
        }
        self.sync_backing(&file, Some(target.handle))
    }

    /// Names of a clean file come and go without its being told: the backing is always asked.
    fn sync_clean(file: &DirtyFile, target: &Target<'_>, how: SyncHow) -> Result<()> {
        let changed = file.state().wrote & !1;
        target.handle.sync(how)?;
        if how == SyncHow::All {
            let mut state = file.state();
            state.synced = state.synced.max(changed);
        }
        Ok(())
    }

    /// Makes durable all that is dirty beneath a directory, or anywhere. The names are the caller's to sync.
    ///
    /// # Errors
    /// The first of those of the files and of the journal; all are tried.
    pub(crate) fn sync_dir(&self, path: Option<&Path>) -> Result<()> {
        nowait::check()?;
        let mut files = self.table.all();
        let beneath = |file: &DirtyFile, path| file.state().elsewhere || file.path().starts_with(path);
        files.retain(|file| path.is_none_or(|path| beneath(file, path)));
        files.iter().for_each(|file| self.promise(file));
        let backing = self.config.durability == Durability::Backing;
        if !backing && self.config.sync != SyncPolicy::Always {
            return Ok(());
        }
        let kept = !backing && !self.is_broken() && self.journal.commit(self.journal.last()).is_ok();
        let results = files.iter().map(|file| {
            if !kept {
                self.flush_file(file)?;
            }
            self.sync_backing(file, None)
        });
        let failures: Vec<Error> = results.filter_map(Result::err).collect();
        failures.into_iter().next().map_or(Ok(()), Err)
    }

    /// Whether the journal may let go of the file's bytes only when the backing has them for good.
    pub(crate) fn is_promised(&self, state: &State) -> bool {
        state.promised || self.config.sync == SyncPolicy::EverySecond || self.is_broken()
    }

    /// A flush of this file is not over before the backing has synced it.
    fn promise(&self, file: &DirtyFile) {
        let mut state = file.state();
        state.promised = state.is_dirty();
    }

    /// Has the backing sync what we changed there, where it did not yet.
    fn sync_backing(&self, file: &Arc<DirtyFile>, handle: Option<&Arc<dyn VFile>>) -> Result<()> {
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
            None => match self.open_for(file, cachefs_vfs::Access::Read) {
                Err(error) if error.is_not_found() => return Ok(()),
                opened => opened?,
            },
        };
        handle.sync(SyncHow::All).map_err(|error| error.on("syncing", file.told()))?;
        let mut state = file.state();
        state.synced = state.synced.max(changed);
        Ok(())
    }
}
