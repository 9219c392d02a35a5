use cachefs_vfs::{Errno, Error};
use tracing::warn;

use crate::core::{Core, Stats};
use crate::dirty::DirtyFile;
use crate::journal::Entry;
use crate::retry::Failure;

impl Core {
    /// Takes note of a flush that failed: it is tried again later, and its users are told if it does not pass soon.
    pub(super) fn failed(&self, file: &DirtyFile, error: Error) -> Error {
        if self.check_stopped().is_err() {
            return error;
        }
        let error = error.on("flushing", file.told());
        Stats::add(&self.stats.failures, 1);
        let now = self.clock.now();
        // Asked without the lock; a clean refusal leaves a version that is known.
        let attr = if is_definite(error.errno()) {
            let handle = file.state().handle.clone();
            handle.and_then(|handle| handle.attr().ok())
        } else {
            None
        };
        let mut state = file.state();
        if state.flushing {
            state.flushing = false;
            state.open = true;
            if !state.wrote.is_multiple_of(2) {
                state.touch_backing();
            }
            if let (Some(attr), Some(no), 0) = (attr, state.no, state.windows) {
                self.know(&mut state, &attr);
                let own = attr.version();
                let entry = Entry::FlushEnd { no, upto: crate::journal::Seq(0), own };
                state.open = self.note(&mut state, &entry).is_none();
            }
        }
        // The next try finds it anew.
        let stale = if error.errno() == Errno::STALE { state.handle.take() } else { None };
        state.retry.failed(error.errno(), now, &self.dice);
        let since = state.failing.as_ref().map_or(now, |(since, _)| *since);
        state.failing = Some((since, error.clone()));
        let lasting = Failure::of(error.errno()) == Failure::Lasting;
        if (lasting || now.since(since) >= self.config.dirty_age) && state.latch(&error) {
            warn!(%error, bytes = state.extents.bytes(), "what was written stays in the journal and is tried again");
        }
        drop(state);
        drop(stale);
        error
    }
}

/// Whether the backing refused without doing anything later on, as it might after an answer that got lost.
pub(crate) fn is_definite(errno: Errno) -> bool {
    matches!(
        errno,
        Errno::NOSPC | Errno::DQUOT | Errno::ROFS | Errno::ACCESS | Errno::PERM | Errno::FBIG | Errno::TXTBSY
    )
}
