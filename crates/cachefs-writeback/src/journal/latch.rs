use cachefs_vfs::Error;

use super::JournalError;
use crate::sync::{AtomicBool, Mutex, Ordering};

/// The first failure, kept for ever.
#[derive(Debug, Default)]
pub(super) struct Latch {
    set: AtomicBool,
    error: Mutex<Option<Error>>,
}

impl Latch {
    /// Keeps `error` unless there is one. Answers what to tell whoever met it.
    pub(super) fn set(&self, error: Error) -> JournalError {
        let mut first = self.error.lock();
        if first.is_none() {
            tracing::error!(%error, "the journal failed and takes nothing more");
            *first = Some(error.clone());
            self.set.store(true, Ordering::Release);
        }
        JournalError::Broken(error)
    }

    pub(super) fn get(&self) -> Option<Error> {
        if self.set.load(Ordering::Acquire) { self.error.lock().clone() } else { None }
    }

    pub(super) fn check(&self) -> Result<(), JournalError> {
        self.get().map_or(Ok(()), |error| Err(JournalError::Broken(error)))
    }
}
