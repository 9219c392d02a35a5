use std::path::Path;

use cachefs_vfs::late::Listener;
use cachefs_vfs::{Errno, FileId, Name, Result};

use super::handle::walk;
use crate::core::Core;
use crate::dirty::DirtyFile;

impl Core {
    /// Flushes the file at `path`, if it is dirty, by whichever of its names that is. Blocks for as long as the backing
    /// takes.
    ///
    /// # Errors
    /// Those of the flush; those of looking for the file, where there is no dirty one that is known to be there.
    pub(crate) fn flush_path(&self, path: &Path) -> Result<()> {
        let mut known = false;
        let flushed = self.flush_those(|file| {
            let is = file.path() == path;
            known |= is;
            is
        });
        if known || self.table.dirty() == 0 {
            return flushed;
        }
        match self.id_at(path) {
            Ok(id) => self.flush_id(id),
            Err(error) if is_no_file(error.errno()) => Ok(()),
            Err(error) => Err(error.on("looking for what to flush", path)),
        }
    }

    /// Flushes what is dirty beneath `path`, and what may be: files with several names, or of unknown place. All of it
    /// is tried.
    ///
    /// # Errors
    /// The first of those of the flushes.
    pub(crate) fn flush_subtree(&self, path: &Path) -> Result<()> {
        self.flush_those(|file| may_be_within(file, path))
    }

    /// Flushes the file of this identity, if it is dirty.
    ///
    /// # Errors
    /// Those of the flush.
    pub(crate) fn flush_id(&self, id: FileId) -> Result<()> {
        let Some(file) = self.table.get(id) else { return Ok(()) };
        match Listener::current() {
            Some(listener) => self.flush_for(&file, &listener),
            None => self.flush_file(&file),
        }
    }

    fn flush_those(&self, mut which: impl FnMut(&DirtyFile) -> bool) -> Result<()> {
        let files: Vec<_> = self.table.all_dirty().into_iter().filter(|file| which(file)).collect();
        let results: Vec<_> = files.iter().map(|file| self.flush_file(file)).collect();
        results.into_iter().collect()
    }

    fn id_at(&self, path: &Path) -> Result<FileId> {
        let name = Name::new(path.file_name().ok_or(Errno::NOENT)?)?;
        let dir = walk(&*self.backing, path.parent().unwrap_or(Path::new("")))?;
        Ok(dir.stat(name)?.id)
    }
}

/// Whether nothing is there for sure.
fn is_no_file(errno: Errno) -> bool {
    matches!(errno, Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::NAMETOOLONG | Errno::INVAL)
}

/// Whether it is at or beneath a path, or may be: one with several names, or of unknown place.
pub(super) fn may_be_within(file: &DirtyFile, path: &Path) -> bool {
    let anywhere = {
        let state = file.state();
        state.elsewhere || state.several
    };
    anywhere || file.path().starts_with(path)
}
