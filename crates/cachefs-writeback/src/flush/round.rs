use std::collections::{HashSet, VecDeque};
use std::thread;
use std::time::{Duration, Instant};

use cachefs_vfs::FileId;

use super::DrainHow;
use super::gang::{Gang, Member};
use crate::core::Core;
use crate::dirty::DirtyFile;
use crate::sync::{Arc, AtomicBool, AtomicU64, Condvar, Mutex, MutexGuard, Ordering};

/// Between two reports of progress.
const REPORT: Duration = Duration::from_millis(200);

/// Between two looks whether a thread may be had, or what hung is answered.
const LOOK: Duration = Duration::from_millis(20);

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

impl Round {
    /// By as many threads as there are flushers; by half of them where many hang that earlier ones left.
    pub(super) fn of(core: &Core, files: impl IntoIterator<Item = Arc<DirtyFile>>) -> Arc<Self> {
        let files: VecDeque<_> = files.into_iter().collect();
        let flushers = core.config.flushers.max(1);
        let flushers = if core.hired.are_scarce() { flushers.div_ceil(2) } else { flushers };
        let threads = flushers.min(files.len());
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

    /// Has as many flush as are needed and may be had, others in the place of those that hang. The caller does if the
    /// system has no thread.
    fn oversee(self: &Arc<Self>, core: &Arc<Core>) {
        self.gang.tell();
        while self.has_work(core) && self.gang.lacks() && core.hired.one_more() {
            let member = self.gang.enlist();
            let is_hired = self.hire(core, move |round, core| round.work_as(core, &member, false));
            if !is_hired {
                return if self.working.lock().threads == 0 {
                    self.work(core)
                };
            }
        }
    }

    /// Whether there is a file that does not hang.
    fn has_work(&self, core: &Core) -> bool {
        self.files.lock().iter().any(|file| !core.hangs(file))
    }

    /// The next to flush. What hangs stays, so that it hurts one thread and no more.
    fn next(&self, core: &Core, also_hung: bool) -> Option<Arc<DirtyFile>> {
        let mut files = self.files.lock();
        let next = files.iter().position(|file| also_hung || !core.hangs(file))?;
        files.remove(next)
    }

    /// Files flushed so far.
    pub(super) fn flushed(&self) -> u64 {
        self.flushed.load(Ordering::Acquire)
    }

    /// The files that were flushed so far.
    pub(super) fn clean(&self) -> MutexGuard<'_, HashSet<FileId>> {
        self.clean.lock()
    }

    /// Flushes what nobody else of the round does, by the caller, who waits also for what hangs.
    pub(super) fn work(&self, core: &Core) {
        self.work_as(core, &self.gang.enlist(), true);
    }

    fn work_as(&self, core: &Core, member: &Member, patient: bool) {
        while !self.stop.load(Ordering::Acquire) && !member.leaves() {
            let Some(file) = self.next(core, patient) else { return };
            let _at_work = member.begins(Some(&file));
            let leaves = || !patient && (self.stop.load(Ordering::Acquire) || core.hangs(&file));
            match core.flush_file_unless(&file, &leaves) {
                Ok(true) => {
                    self.clean.lock().insert(file.id());
                    self.flushed.fetch_add(1, Ordering::AcqRel);
                }
                Ok(false) => self.files.lock().push_back(file),
                // Kept with the file, and told with what remains.
                Err(_) => {}
            }
        }
    }

    /// Has a thread, which counts as one of [`super::Hired`], do some of it. Returns whether there is one to be had.
    pub(super) fn hire<W>(self: &Arc<Self>, core: &Arc<Core>, work: W) -> bool
    where
        W: FnOnce(&Self, &Core) + Send + 'static,
    {
        let at_work = AtWork(Arc::clone(self), Arc::clone(core));
        self.working.lock().threads += 1;
        thread::Builder::new().name("drain".into()).spawn(move || work(&at_work.0, &at_work.1)).is_ok()
    }

    /// Waits until the threads have flushed all there is, and until what hangs does so no more; not longer than until
    /// then, nor when it is cancelled.
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
            if working.threads == 0 && self.files.lock().is_empty() {
                return;
            }
            let step = if working.threads == 0 { LOOK } else { REPORT };
            let step = until.map_or(step, |until| until.saturating_duration_since(Instant::now()).min(step));
            self.done.wait_for(&mut working, step);
            let over = until.is_some_and(|until| Instant::now() >= until);
            if over || how.cancel.load(Ordering::Acquire) {
                // Those who hang in the backing are left behind; what they write is in the journal.
                self.stop.store(true, Ordering::Release);
                working.are_left = true;
                core.hired.are_left(working.threads);
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
        self.1.hired.ended(working.are_left);
        drop(working);
        self.0.done.notify_all();
    }
}
