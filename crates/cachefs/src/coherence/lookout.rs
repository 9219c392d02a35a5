use std::sync::OnceLock;

use cachefs_vfs::{Error, Watch, WatchMethod};

use super::listeners::Listeners;
use super::writers::Writers;
use super::{Coherence, CoherenceStatus, WatchStatus};
use crate::engine::Engine;
use crate::handle::Slots;
use crate::stats::Stats;
use crate::sync::{Arc, AtomicBool, AtomicU64, Mutex, Ordering};
use crate::workers::Workers;

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
    /// Handles of the backing that a notice left behind. A leaf lock.
    left: Mutex<Vec<Slots>>,
    /// Who closes them, for the backing may take its time, and the next notice must not wait for it.
    closers: OnceLock<Workers>,
}

/// Handles to be closed that may wait for that; beyond it, whoever brings a notice closes them himself.
const CLOSING_MAX: usize = 1024;
const CLOSERS: usize = 2;

impl Lookout {
    /// Readies what a watch needs.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub(crate) fn prepare(&self, stats: &Stats) -> std::io::Result<()> {
        let closers = Workers::new(CLOSERS, CLOSING_MAX, stats)?;
        self.closers.get_or_init(|| closers);
        Ok(())
    }

    /// Has handles closed when the notice is worked in.
    pub(super) fn leave(&self, slots: Option<Slots>) {
        self.left.lock().extend(slots);
    }

    /// To be called without a lock.
    pub(super) fn close_left(&self) {
        let left = std::mem::take(&mut *self.left.lock());
        for slots in left {
            // Where a job is refused, it is dropped, which closes them, too.
            let _ = self.closers.get().map(|closers| closers.try_spawn(move || drop(slots)));
        }
    }

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
