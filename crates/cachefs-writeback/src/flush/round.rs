use std::collections::{HashSet, VecDeque};
use std::thread;
use std::time::{Duration, Instant};

use cachefs_vfs::FileId;

use super::DrainHow;
use super::gang::{Gang, Member};
use crate::core::Core;
use crate::dirty::DirtyFile;
use crate::sync::{Arc, AtomicBool, AtomicU64, Condvar, Mutex, MutexGuard, Ordering};

/// Threads that hang in the backing after whoever had them flush has left: with so many, no more are sent there.
const ASTRAY_MAX: usize = 16;

/// Between two reports of progress.
const REPORT: Duration = Duration::from_millis(200);

/// One round: files that several threads flush.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) files: Mutex<VecDeque<Arc<DirtyFile>>>,
    flushed: AtomicU64,
    /// Which they were.
    clean: Mutex<HashSet<FileId>>,
    stop: AtomicBool,
    /// Those who flush.
    gang: Arc<Gang>,
    working: Mutex<Working>,
    done: Condvar,
}

#[derive(Debug, Default)]
struct Working {
    /// Threads at work.
    threads: usize,
    /// Nobody waits for them any more.
    are_left: bool,
}

impl Core {
    /// Whether so many threads hang in the backing that one more would be too many.
    pub(super) fn is_crowded(&self) -> bool {
        self.astray.load(Ordering::Acquire) >= ASTRAY_MAX
    }
}

impl Round {
    /// By so many threads.
    pub(super) fn of(core: &Core, files: impl IntoIterator<Item = Arc<DirtyFile>>) -> Arc<Self> {
        let files: VecDeque<_> = files.into_iter().collect();
        let threads = core.config.flushers.max(1).min(files.len());
        Arc::new(Self {
            gang: Arc::new(Gang::new(threads, core.config.hang_after, Arc::clone(&core.clock))),
            files: Mutex::new(files),
            flushed: AtomicU64::new(0),
            clean: Mutex::default(),
            stop: AtomicBool::new(false),
            working: Mutex::default(),
            done: Condvar::new(),
        })
    }

    /// Has threads flush. Whether there is one to be had.
    pub(super) fn begin(self: &Arc<Self>, core: &Arc<Core>) -> bool {
        (0..self.gang.wanted()).filter(|_| self.hire_flusher(core)).count() > 0
    }

    fn hire_flusher(self: &Arc<Self>, core: &Arc<Core>) -> bool {
        let member = self.gang.enlist();
        self.hire(core, move |round, core| round.work_as(core, &member))
    }

    /// Has others flush in the place of those that hang.
    fn oversee(self: &Arc<Self>, core: &Arc<Core>) {
        self.gang.tell();
        while !self.files.lock().is_empty() && self.gang.lacks() && self.hire_flusher(core) {}
    }

    /// Files flushed so far.
    pub(super) fn flushed(&self) -> u64 {
        self.flushed.load(Ordering::Acquire)
    }

    /// The files that were flushed so far.
    pub(super) fn clean(&self) -> MutexGuard<'_, HashSet<FileId>> {
        self.clean.lock()
    }

    /// Flushes what nobody else of the round does.
    pub(super) fn work(self: &Arc<Self>, core: &Core) {
        self.work_as(core, &self.gang.enlist());
    }

    fn work_as(&self, core: &Core, member: &Member) {
        while !self.stop.load(Ordering::Acquire) && !member.leaves() {
            let Some(file) = self.files.lock().pop_front() else { return };
            let _at_work = member.begins(Some(&file));
            // A failure is kept with the file, and told with what remains.
            if core.flush_file(&file).is_ok() {
                self.clean.lock().insert(file.id());
                self.flushed.fetch_add(1, Ordering::AcqRel);
            }
        }
    }

    /// Has a thread do some of it. Returns whether there is one to be had.
    pub(super) fn hire<W>(self: &Arc<Self>, core: &Arc<Core>, work: W) -> bool
    where
        W: FnOnce(&Self, &Core) + Send + 'static,
    {
        let at_work = AtWork(Arc::clone(self), Arc::clone(core));
        self.working.lock().threads += 1;
        thread::Builder::new().name("drain".into()).spawn(move || work(&at_work.0, &at_work.1)).is_ok()
    }

    /// Waits for the threads, not longer than until then, nor when it is cancelled.
    pub(super) fn wait(
        self: &Arc<Self>,
        core: &Arc<Core>,
        how: &DrainHow,
        until: Option<Instant>,
        progress: &mut dyn FnMut(u64),
    ) {
        loop {
            progress(self.flushed());
            self.oversee(core);
            let mut working = self.working.lock();
            if working.threads == 0 {
                return;
            }
            let step =
                until.map_or(REPORT, |until| until.saturating_duration_since(Instant::now()).min(REPORT));
            self.done.wait_for(&mut working, step);
            let over = until.is_some_and(|until| Instant::now() >= until);
            if over || how.cancel.load(Ordering::Acquire) {
                // Those who hang in the backing are left behind; what they write is in the journal.
                self.stop.store(true, Ordering::Release);
                working.are_left = true;
                core.astray.fetch_add(working.threads, Ordering::AcqRel);
                return;
            }
        }
    }
}

/// Counts a thread out also if it ends by a panic, or never began.
struct AtWork(Arc<Round>, Arc<Core>);

impl Drop for AtWork {
    fn drop(&mut self) {
        let mut working = self.0.working.lock();
        working.threads -= 1;
        if working.are_left {
            self.1.astray.fetch_sub(1, Ordering::AcqRel);
        }
        drop(working);
        self.0.done.notify_all();
    }
}
