use cachefs_vfs::{FileId, Result, nowait};

use super::Core;
use crate::dirty::DirtyFile;
use crate::sync::Arc;

/// The turn of one file, dirty or not: until it is dropped, nobody else changes the file at the backing through this
/// filesystem, and if it is clean it stays so. Writes to a file that is dirty already go on, unless held up.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    pub(super) core: &'a Core,
    file: Arc<DirtyFile>,
}

impl Core {
    /// Waits for the turn of a file: for as long as the backing takes.
    ///
    /// # Errors
    /// `EWOULDBLOCK` inside a [`nowait::scope`] if it is somebody's.
    pub(crate) fn turn(&self, id: FileId) -> Result<Turn<'_>> {
        self.turn_of(self.table.enter(id))
    }

    /// The turns of two files, in an order that all keep to; one if they are the same.
    ///
    /// # Errors
    /// As [`Self::turn`].
    pub(crate) fn turns(&self, one: FileId, other: FileId) -> Result<(Turn<'_>, Option<Turn<'_>>)> {
        if one == other {
            return Ok((self.turn(one)?, None));
        }
        if one < other {
            let first = self.turn(one)?;
            Ok((first, Some(self.turn(other)?)))
        } else {
            let first = self.turn(other)?;
            Ok((self.turn(one)?, Some(first)))
        }
    }

    /// As [`Self::turn`].
    pub(crate) fn turn_of(&self, file: Arc<DirtyFile>) -> Result<Turn<'_>> {
        if !file.try_turn() {
            if let Err(error) = nowait::check() {
                self.tidy(&file);
                return Err(error);
            }
            file.take_turn();
        }
        Ok(Turn { core: self, file })
    }

    /// As [`Self::turn_of`], for as long as `leaves`, which is asked now and then, does not say to go without.
    pub(crate) fn turn_unless(&self, file: Arc<DirtyFile>, leaves: &dyn Fn() -> bool) -> Option<Turn<'_>> {
        if file.take_turn_unless(leaves) {
            return Some(Turn { core: self, file });
        }
        self.tidy(&file);
        None
    }

    /// The turn of a file if it is nobody's.
    pub(crate) fn try_turn_of(&self, file: &Arc<DirtyFile>) -> Option<Turn<'_>> {
        file.try_turn().then(|| Turn { core: self, file: Arc::clone(file) })
    }

    pub(super) fn tidy(&self, file: &Arc<DirtyFile>) {
        self.table.tidy(file);
    }
}

impl Turn<'_> {
    pub(crate) fn core(&self) -> &Core {
        self.core
    }

    /// Whose turn it is.
    pub(crate) fn file(&self) -> &Arc<DirtyFile> {
        &self.file
    }

    /// Whether the file has bytes that the backing lacks, or may have.
    pub(crate) fn is_dirty(&self) -> bool {
        self.file.is_dirty()
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.file.state().held = false;
        self.file.end_turn();
        self.core.drop_if_unreferenced(&self.file);
        self.core.tidy(&self.file);
        self.core.news.tell();
    }
}
