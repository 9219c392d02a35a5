use cachefs_vfs::clock::Moment;

use crate::core::Core;
use crate::dirty::DirtyFile;
use crate::sync::Arc;

/// A flush is under way, which may hang, until this is dropped.
#[derive(Debug)]
pub(super) struct UnderWay<'a>(&'a DirtyFile);

impl<'a> UnderWay<'a> {
    /// The caller has the turn of the file.
    pub(super) fn of(file: &'a DirtyFile, now: Moment) -> Self {
        file.moves(now);
        Self(file)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.rests();
    }
}

impl Core {
    /// Whether a flush of the file is under way, by whomever, and hangs in the backing.
    pub(crate) fn hangs(&self, file: &DirtyFile) -> bool {
        file.moved().is_some_and(|moved| self.clock.now().since(moved) >= self.config.hang_after)
    }

    /// Files whose flush hangs.
    pub(crate) fn hanging(&self) -> Vec<Arc<DirtyFile>> {
        self.table.all_dirty().into_iter().filter(|file| self.hangs(file)).collect()
    }
}
