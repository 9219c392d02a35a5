use tracing::error;

use super::Core;
use crate::dirty::State;
use crate::journal::{Entry, FileNo, JournalError, Record};
use crate::sync::Ordering;

impl Core {
    /// The number of a file that becomes dirty.
    pub(crate) fn new_no(&self) -> FileNo {
        FileNo(self.next_no.fetch_add(1, Ordering::Relaxed))
    }

    /// Notes something about a file. Its state is locked, so that the order in the journal is that of what happened.
    ///
    /// # Errors
    /// Those of the journal.
    pub(crate) fn append(
        &self,
        state: &mut State,
        entry: &Entry,
        payload: &[u8],
    ) -> Result<Record, JournalError> {
        self.check_stopped()?;
        let record = self.journal.append(entry, payload);
        match &record {
            Ok(record) => state.newest = record.seq(),
            Err(error) => self.look_broken(error),
        }
        record
    }

    /// Notes what happens whether it can be noted or not: where the journal is broken, a replay would find a version it
    /// does not know, and keep both.
    pub(crate) fn note(&self, state: &mut State, entry: &Entry) -> Option<Record> {
        self.append(state, entry, &[]).ok()
    }

    /// Makes what was noted of a file durable, before the backing is changed. Answers whether it is.
    pub(crate) fn commit_noted(&self, file: &crate::dirty::DirtyFile) -> bool {
        let newest = file.state().newest;
        if newest <= self.journal.committed() {
            return true;
        }
        self.journal.commit(newest).inspect_err(|error| self.look_broken(error)).is_ok()
    }

    /// Whether the journal takes nothing any more.
    pub(crate) fn is_broken(&self) -> bool {
        self.said_broken.load(Ordering::Relaxed) || self.journal.broken().is_some()
    }

    /// Says, once, that the journal broke, and has everything flushed.
    pub(crate) fn look_broken(&self, error: &JournalError) {
        if matches!(error, JournalError::Broken(_)) && !self.said_broken.swap(true, Ordering::AcqRel) {
            error!(%error, "from now on writes go to the backing at once; what is dirty is flushed");
            self.bell.ring();
            self.pressure.stir();
        }
    }
}
