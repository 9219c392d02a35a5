use std::sync::OnceLock;

use cachefs_vfs::{Error, Watch, WatchMethod};

use super::listeners::Listeners;
use super::writers::Writers;
use super::{Coherence, CoherenceStatus, WatchStatus};
use crate::engine::Engine;
use crate::sync::{Arc, AtomicBool, AtomicU64, Mutex, Ordering};

/// The watch of the backing, and who is told of what it tells.
#[derive(Debug, Default)]
pub(crate) struct Lookout {
    /// `None` where there is none, and when it is closed. A leaf lock.
    watch: Mutex<Option<Arc<dyn Watch>>>,
    method: OnceLock<WatchMethod>,
    lost: OnceLock<Error>,
    /// Directories and files that could not be put under watch.
    uncovered: AtomicU64,
    /// That was logged.
    complained: AtomicBool,
    pub(super) listeners: Listeners,
    pub(super) writers: Writers,
}

impl Lookout {
    pub(super) fn open(&self, watch: Arc<dyn Watch>) {
        self.method.get_or_init(|| watch.method());
        *self.watch.lock() = Some(watch);
    }

    /// Ends the watch; waits for a notice under way.
    pub(crate) fn close(&self) {
        // In a line of its own: a notice under way may ask for the watch.
        let watch = self.watch.lock().take();
        drop(watch);
    }

    pub(super) fn watch(&self) -> Option<Arc<dyn Watch>> {
        self.watch.lock().clone()
    }

    /// Whether all of a filesystem is covered once a directory of it is.
    pub(crate) fn is_whole(&self) -> bool {
        self.method.get() == Some(&WatchMethod::Filesystem)
    }

    pub(super) fn method(&self) -> WatchMethod {
        self.method.get().copied().unwrap_or_default()
    }

    pub(super) fn lost(&self) -> Option<&Error> {
        self.lost.get()
    }

    /// The watch is over. True for the first who says so.
    pub(super) fn lose(&self, error: &Error) -> bool {
        self.lost.set(error.clone()).is_ok()
    }

    /// Something could not be put under watch. True for the first.
    pub(super) fn count_uncovered(&self) -> bool {
        self.uncovered.fetch_add(1, Ordering::Relaxed);
        !self.complained.swap(true, Ordering::Relaxed)
    }
}

impl Engine {
    pub(crate) fn coherence(&self) -> CoherenceStatus {
        let mode = self.config.coherence;
        let lookout = &self.lookout;
        let watch = matches!(mode, Coherence::Watch(_)).then(|| WatchStatus {
            method: lookout.method(),
            usage: lookout.watch().map(|watch| watch.usage()).unwrap_or_default(),
            lost: lookout.lost().cloned(),
            uncovered_dirs: lookout.uncovered.load(Ordering::Relaxed),
            files_rechecked: lookout.writers.len(),
        });
        CoherenceStatus { mode, watch }
    }
}
