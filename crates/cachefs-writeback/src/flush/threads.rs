use std::collections::VecDeque;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use cachefs_vfs::Result;

use super::gang::Member;
use crate::SyncPolicy;
use crate::core::Core;
use crate::dirty::{Claim, DirtyFile};
use crate::schedule::{Candidate, Schedule};
use crate::sync::{Arc, AtomicBool, Condvar, Mutex, Ordering};

/// A flusher with nothing dirty looks again after this, should nobody call.
const IDLE: Duration = Duration::from_secs(60);
/// Between looks for files that become due.
const LOOK: Duration = Duration::from_secs(1);
/// How long the end waits for flushers that hang in the backing.
const FAREWELL: Duration = Duration::from_secs(1);

/// The threads that flush, until it is dropped. What is dirty then stays in the journal.
#[derive(Debug)]
pub(crate) struct Flushers {
    core: Arc<Core>,
    crew: Arc<Crew>,
}

#[derive(Debug, Default)]
struct Crew {
    stop: AtomicBool,
    running: Mutex<usize>,
    left: Condvar,
}

/// A thread that runs, also if it ends by a panic.
struct Running(Arc<Crew>);

impl Drop for Running {
    fn drop(&mut self) {
        *self.0.running.lock() -= 1;
        self.0.left.notify_all();
    }
}

impl Core {
    /// Starts the threads that flush, the one that looks after them, the one that makes removals durable, and the one
    /// that commits once a second where that is the policy.
    ///
    /// # Errors
    /// Those of starting a thread.
    pub(crate) fn start(self: &Arc<Self>) -> Result<Flushers> {
        let flushers = Flushers { core: Arc::clone(self), crew: Arc::default() };
        let crew = &flushers.crew;
        for _ in 0..self.config.flushers {
            crew.hire_flusher(self)?;
        }
        if self.config.flushers > 0 {
            crew.hire(self, "settler", |core, crew| core.settle_what_was_removed(&crew.stop))?;
            crew.hire(self, "overseer", |core, crew| crew.oversee(core))?;
        }
        if self.config.sync == SyncPolicy::EverySecond {
            crew.hire(self, "committer", |core, crew| core.commit_each_second(&crew.stop))?;
        }
        Ok(flushers)
    }

    fn flush_what_is_due(&self, stop: &AtomicBool, member: &Member) {
        while !stop.load(Ordering::Acquire) && !member.leaves() {
            let rung = self.bell.rung();
            match self.next_due() {
                Ok(claim) => {
                    let _at_work = member.begins(Some(claim.file()));
                    // Taken note of in the file, and tried again.
                    drop(self.flush_claimed(&claim));
                    self.make_journal_room();
                    self.sync_leaving();
                }
                Err(wait) => {
                    let at_work = member.begins(None);
                    self.sync_leaving();
                    if self.journal_fills() {
                        self.make_journal_room();
                    }
                    drop(at_work);
                    self.bell.wait(rung, wait);
                }
            }
        }
    }

    fn flush_claimed(&self, claim: &Claim) -> Result<()> {
        let file = claim.file();
        match self.try_turn_of(file) {
            Some(turn) => turn.flush(),
            // Somebody flushes it, and may hang.
            None if file.moved().is_some() => Ok(()),
            None => self.turn_of(Arc::clone(file))?.flush(),
        }
    }

    /// The file to flush next, else how long to wait.
    fn next_due(&self) -> Result<Claim, Duration> {
        if self.table.dirty() == 0 {
            return Err(IDLE);
        }
        if let Some(claim) = Self::claim_of(&mut self.due.lock()) {
            return Ok(claim);
        }
        let now = self.clock.now();
        let schedule = Schedule { flush_after: self.config.flush_after, dirty_age: self.config.dirty_age };
        let due = schedule.due(now, self.is_pressed(), self.candidates());
        let claim = {
            let mut files = self.due.lock();
            *files = due.files.into();
            Self::claim_of(&mut files)
        };
        let wait = due.next.map_or(LOOK, |next| next.since(now));
        let look = LOOK.min(self.config.flush_after / 2).max(Duration::from_millis(1));
        claim.ok_or_else(|| wait.clamp(Duration::from_millis(1), look))
    }

    /// The first of those that are due which nobody is at.
    fn claim_of(due: &mut VecDeque<Arc<DirtyFile>>) -> Option<Claim> {
        std::iter::from_fn(|| due.pop_front()).find_map(|file| file.claim().filter(|_| file.is_dirty()))
    }

    fn candidates(&self) -> impl Iterator<Item = Candidate<Arc<DirtyFile>>> {
        let all =
            self.table.all_dirty().into_iter().filter(|file| !file.is_claimed() && file.moved().is_none());
        all.map(|file| {
            let (first, last, not_before) = {
                let state = file.state();
                (state.first, state.last, state.retry.due())
            };
            Candidate { file, first, last, not_before }
        })
    }

    /// Whether there is no time to wait for more to be written.
    fn is_pressed(&self) -> bool {
        self.pressure.is_pressed()
            || self.is_broken()
            || self.journal_fills()
            || self.table.dirty() > self.config.files_max / 2
    }

    fn settle_what_was_removed(&self, stop: &AtomicBool) {
        while !stop.load(Ordering::Acquire) {
            let rung = self.settling.rung();
            if self.wants_settling() {
                self.settle_removals();
                if !self.wants_settling() {
                    self.make_journal_room();
                }
            }
            self.settling.wait(rung, if self.has_removals() { LOOK } else { IDLE });
        }
    }

    fn commit_each_second(&self, stop: &AtomicBool) {
        while !stop.load(Ordering::Acquire) {
            let rung = self.bell.rung();
            self.bell.wait(rung, Duration::from_secs(1));
            if let Err(error) = self.journal.commit(self.journal.last()) {
                self.look_broken(&error);
                return;
            }
        }
    }
}

impl Crew {
    fn hire_flusher(self: &Arc<Self>, core: &Arc<Core>) -> Result<()> {
        let member = core.gang.enlist();
        self.hire(core, "flusher", move |core, crew| core.flush_what_is_due(&crew.stop, &member))
    }

    fn hire<W>(self: &Arc<Self>, core: &Arc<Core>, name: &str, work: W) -> Result<()>
    where
        W: FnOnce(&Arc<Core>, &Arc<Self>) + Send + 'static,
    {
        let core = Arc::clone(core);
        *self.running.lock() += 1;
        let running = Running(Arc::clone(self));
        let body = move || work(&core, &running.0);
        let _thread: JoinHandle<()> = thread::Builder::new().name(name.into()).spawn(body)?;
        Ok(())
    }

    /// Has others flush in the place of those that hang.
    fn oversee(self: &Arc<Self>, core: &Arc<Core>) {
        let gang = &core.gang;
        loop {
            gang.watch(&self.stop);
            if self.stop.load(Ordering::Acquire) {
                return;
            }
            gang.tell();
            while gang.lacks() {
                if let Err(error) = self.hire_flusher(core) {
                    tracing::warn!(%error, "nobody flushes in the place of who hangs");
                    break;
                }
            }
            if gang.is_crowded() {
                core.bell.ring();
            }
        }
    }
}

impl Drop for Flushers {
    fn drop(&mut self) {
        self.crew.stop.store(true, Ordering::Release);
        self.core.stop();
        self.core.gang.end();
        self.core.bell.ring();
        self.core.settling.ring();
        let mut running = self.crew.running.lock();
        // One that hangs in the backing ends when that answers; what it was to write is in the journal.
        self.crew.left.wait_while_for(&mut running, |running| *running > 0, FAREWELL);
    }
}
