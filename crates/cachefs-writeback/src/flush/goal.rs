use cachefs_vfs::Result;
use cachefs_vfs::late::Listener;

use crate::core::{Core, Turn};
use crate::dirty::DirtyFile;
use crate::journal::Seq;
use crate::sync::Arc;

/// Somebody waits until what was written to a file up to now is in the backing. While it lives, nothing of it is moved
/// forward in the journal: it would look as if written later.
#[derive(Debug)]
struct Awaited<'a>(&'a DirtyFile);

impl<'a> Awaited<'a> {
    /// With the newest record there is of it.
    fn of(file: &'a DirtyFile) -> (Self, Seq) {
        let mut state = file.state();
        state.awaited += 1;
        (Self(file), state.extents.newest().unwrap_or_default())
    }
}

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        self.0.state().awaited -= 1;
    }
}

impl Core {
    /// As [`Self::flush_file`], for somebody who is told what comes of it, and need not be told later.
    ///
    /// # Errors
    /// As [`Self::flush_file`].
    pub(crate) fn flush_for(&self, file: &Arc<DirtyFile>, listener: &Listener) -> Result<()> {
        self.flush_file(file).inspect_err(|_| drop(file.state().report(listener)))
    }

    /// Flushes what is dirty of a file at the call.
    ///
    /// # Errors
    /// Those of the backing. What is dirty stays so, and is tried again.
    pub(crate) fn flush_file(&self, file: &Arc<DirtyFile>) -> Result<()> {
        self.flush_in_turns(file, || self.turn_of(Arc::clone(file)).map(Some)).map(drop)
    }

    /// As [`Self::flush_file`], unless it would wait for somebody who has the turn and `leaves` says not to. Whether it
    /// did not leave.
    ///
    /// # Errors
    /// As [`Self::flush_file`].
    pub(super) fn flush_file_unless(&self, file: &Arc<DirtyFile>, leaves: &dyn Fn() -> bool) -> Result<bool> {
        self.flush_in_turns(file, || Ok(self.turn_unless(Arc::clone(file), leaves)))
    }

    fn flush_in_turns<'a>(
        &'a self,
        file: &Arc<DirtyFile>,
        turn: impl Fn() -> Result<Option<Turn<'a>>>,
    ) -> Result<bool> {
        let (_awaited, goal) = Awaited::of(file);
        loop {
            let Some(turn) = turn()? else { return Ok(false) };
            let flushed = turn.flush();
            drop(turn);
            if self.journal_fills() {
                self.make_journal_room();
            }
            flushed?;
            let state = file.state();
            if !state.is_dirty() || state.extents.iter().all(|extent| extent.seq > goal) {
                return Ok(true);
            }
        }
    }
}
