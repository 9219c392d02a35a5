//! What is written and not yet in the source.

mod closing;
mod drain;
mod kin;
mod leftover;
mod open;
mod standstill;
mod tempo;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cachefs::CacheFs;
use cachefs_fuse::OnClose;
use cachefs_fuse::control::{Dirty, Left};
use cachefs_vfs::{FileId, Vfs};
use cachefs_writeback::state_dir::{Hint, StateDir, default_root};
use cachefs_writeback::{Pending, Remaining, Replayed, Status, WriteBack};
use indicatif::HumanBytes;

use crate::flags::BackConfig;
use closing::FlushOnClose;
pub(super) use leftover::check as check_leftover;
use parking_lot::Mutex;
use standstill::Standstill;
pub(super) use tempo::Tempo;

/// The write-back of a mount, and the directory that holds its journal.
#[derive(Debug)]
pub(super) struct Back {
    write_back: Arc<WriteBack>,
    state: StateDir,
    /// Left where others look, if the journal is not there.
    hint: Option<Hint>,
    config: BackConfig,
    /// What was in the journal when it was opened.
    replayed: Replayed,
    /// Whether the source takes anything.
    standstill: Mutex<Standstill>,
    /// Whoever is draining gives up.
    stopped: AtomicBool,
}

impl Back {
    /// The filesystem to be cached.
    pub(super) fn fs(&self) -> Arc<dyn Vfs> {
        Arc::clone(&self.write_back) as Arc<dyn Vfs>
    }

    /// Has the cache told what became of files in conflict, also where nothing is watched.
    pub(super) fn inform(&self, cache: &CacheFs) {
        self.write_back.inform(&cache.intake());
    }

    pub(super) fn config(&self) -> &BackConfig {
        &self.config
    }

    /// Where the journal is.
    pub(super) fn journal(&self) -> &Path {
        self.state.path()
    }

    /// What was in the journal when it was opened.
    pub(super) fn replayed(&self) -> &Replayed {
        &self.replayed
    }

    /// Says what that was, if anything: to people, and to the log where they do not see it.
    pub(super) fn tell_replayed(&self, is_log_apart: bool, note: &dyn Fn(&str)) {
        let Some(told) = open::told(&self.replayed) else { return };
        if is_log_apart {
            tracing::info!("{told}");
        }
        note(&told);
    }

    /// What waits, and what was done.
    pub(super) fn status(&self) -> Status {
        self.write_back.status()
    }

    /// How many bytes of a file wait; `None`: nothing of it does.
    pub(super) fn waiting_of(&self, file: FileId) -> Option<u64> {
        self.write_back.waiting_of(file)
    }

    /// The files that wait, the oldest first, at most so many.
    pub(super) fn pending(&self, max: usize) -> Vec<Pending> {
        self.write_back.waiting(max)
    }

    /// What is done when a program closes a file, if anything.
    pub(super) fn on_close(&self) -> Option<Arc<dyn OnClose>> {
        let hook = || Arc::new(FlushOnClose(Arc::clone(&self.write_back))) as Arc<dyn OnClose>;
        self.config.flush_on_close.then(hook)
    }

    /// Has all who drain give up at once.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// The mount is out of the tree, but still used: others are told so.
    pub(super) fn detached(&self) {
        if let Err(error) = self.state.detach() {
            tracing::warn!(%error, "others are not told that this mount is detached");
        }
    }

    /// At the end: who looks for a journal need not look for this one if nothing is left in it.
    pub(super) fn forget(&self) {
        let status = self.status();
        if status.dirty_bytes > 0 || status.dirty_files > 0 {
            return;
        }
        let removed = self.hint.as_ref().zip(default_root().ok()).map(|(hint, root)| hint.remove(&root));
        if let Some(Err(error)) = removed {
            tracing::debug!(%error, "the hint at this journal stays");
        }
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// What is still dirty, in a sentence; `None`: nothing.
    pub(super) fn remains(&self) -> Option<String> {
        let status = self.status();
        (status.dirty_bytes > 0 || status.dirty_files > 0).then(|| {
            format!(
                "{} of {} files stay in the journal {}; the next mount writes them to the source",
                HumanBytes(status.dirty_bytes),
                status.dirty_files,
                self.journal().display()
            )
        })
    }

    /// The same for programs, with everything else there is to tell.
    pub(super) fn told(&self) -> Dirty {
        let status = self.status();
        Dirty {
            durability: self.config.durability().to_owned(),
            sync: self.config.sync().to_owned(),
            dirty_bytes: status.dirty_bytes,
            dirty_max_bytes: self.config.limits.dirty_max,
            dirty_memory_bytes: status.memory_bytes,
            dirty_memory_max_bytes: status.memory_max,
            dirty_files: status.dirty_files,
            oldest_dirty_age_seconds: status.oldest_age.unwrap_or_default().as_secs_f64(),
            journal: self.journal().to_string_lossy().into_owned(),
            journal_bytes: status.journal_bytes,
            journal_max_bytes: status.journal_max,
            flushes: status.flushes,
            flush_failures: status.flush_failures,
            flushed_bytes: status.flushed_bytes,
            throttled_seconds: status.throttled.as_secs_f64(),
            conflicts: status.conflicts,
            lost_bytes: status.lost_bytes,
            through_writes: status.through_writes,
            through: status.through.as_ref().map(ToString::to_string),
            hanging: status.hanging,
            hung: left(&status.hung),
            failing: left(&status.failing),
        }
    }
}

/// Files that are named at most.
const LEFT_MAX: usize = 64;

/// What remains, as programs are told.
pub(super) fn left(remaining: &[Remaining]) -> Vec<Left> {
    let one = |remaining: &Remaining| {
        Left::new(&remaining.path, remaining.bytes, remaining.error.as_ref().map(ToString::to_string))
    };
    remaining.iter().take(LEFT_MAX).map(one).collect()
}
