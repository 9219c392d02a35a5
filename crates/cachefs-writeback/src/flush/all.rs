use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use cachefs_vfs::{Errno, Error};

use super::hired::Settler;
use super::round::Round;
use super::those::may_be_within;
use super::written::Written;
use crate::core::Core;
use crate::dirty::DirtyFile;
use crate::sync::{Arc, AtomicBool, Ordering};

/// Between two rounds over what failed.
const ROUND: Duration = Duration::from_millis(500);

/// Between two looks whether it is over.
const STEP: Duration = Duration::from_millis(20);

/// How far a flush of everything is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Files flushed since it began.
    pub files: u64,
    /// Bytes written to the backing since it began, by whomever, those of flushes under way among them. Never less than
    /// was told before; what is written again after a failure does not count.
    pub bytes: u64,
    /// Files that are dirty.
    pub files_left: u64,
    /// Bytes that are dirty.
    pub bytes_left: u64,
}

/// How to drain.
#[derive(Clone, Debug, Default)]
pub struct DrainHow {
    /// Not longer than this. Without it, until all that is left fails again and again.
    pub deadline: Option<Duration>,
    /// Set by whoever wants it to end at once.
    pub cancel: Arc<AtomicBool>,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// Files flushed.
    pub files: u64,
    /// Bytes written to the backing.
    pub bytes: u64,
    /// What is still dirty. It stays in the journal.
    pub remaining: Vec<Remaining>,
}

/// A file that is dirty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remaining {
    /// Where it is, as far as that is known.
    pub path: PathBuf,
    /// Bytes of it that the backing lacks.
    pub bytes: u64,
    /// How its last flush failed, if it did; that the source does not answer, if one hangs.
    pub error: Option<Error>,
}

impl Core {
    /// Flushes everything that is dirty at the call, once. Returns at the deadline also if the backing hangs.
    pub(crate) fn flush_all(
        self: &Arc<Self>,
        deadline: Option<Duration>,
        progress: &mut dyn FnMut(&Progress),
    ) -> Drained {
        let how = DrainHow { deadline, cancel: Arc::default() };
        self.flush_rounds(&how, progress, false)
    }

    /// Flushes what is dirty at the call, once: all of it, or what is at or beneath `within`. What becomes dirty
    /// meanwhile does not count. Returns at the deadline, or when it is cancelled, also if the backing hangs.
    pub(crate) fn flush_once(
        self: &Arc<Self>,
        within: Option<&Path>,
        how: &DrainHow,
        progress: &mut dyn FnMut(&Progress),
    ) -> Drained {
        let until = how.deadline.and_then(|deadline| Instant::now().checked_add(deadline));
        let mut written = Written::since(&self.stats);
        let mut files = self.by_age();
        files.retain(|file| within.is_none_or(|within| may_be_within(file, within)));
        let round = Round::of(self, files.iter().cloned());
        self.flush_round(&round, how, until, &mut |flushed| {
            progress(&self.progress(flushed, written.most()))
        });
        let clean = round.clean();
        files.retain(|file| !clean.contains(&file.id()));
        let remaining = files.iter().filter_map(|file| self.left(file)).collect();
        Drained { files: clean.len() as u64, bytes: written.flushed(), remaining }
    }

    /// Flushes everything, again and again, until nothing is dirty, the deadline is there, or it is cancelled; without
    /// a deadline, until a whole round brought nothing.
    pub(crate) fn drain(self: &Arc<Self>, how: &DrainHow, progress: &mut dyn FnMut(&Progress)) -> Drained {
        self.flush_rounds(how, progress, true)
    }

    fn flush_rounds(
        self: &Arc<Self>,
        how: &DrainHow,
        progress: &mut dyn FnMut(&Progress),
        again: bool,
    ) -> Drained {
        let until = how.deadline.and_then(|deadline| Instant::now().checked_add(deadline));
        let mut written = Written::since(&self.stats);
        let mut drained = Drained::default();
        loop {
            let round = Round::of(self, self.by_age());
            self.flush_round(&round, how, until, &mut |flushed| {
                progress(&self.progress(drained.files + flushed, written.most()));
            });
            let flushed = round.flushed();
            drained.files += flushed;
            let stuck = until.is_none() && flushed == 0;
            if !again || stuck || self.table.dirty() == 0 || !wait_for_round(how, until) {
                break;
            }
        }
        self.settle_until(how, until);
        self.make_journal_room();
        drained.bytes = written.flushed();
        drained.remaining = self.table.all_dirty().iter().filter_map(|file| self.left(file)).collect();
        progress(&self.progress(drained.files, written.most()));
        drained
    }

    /// Has the files flushed, by the caller if there are no flushers and no end is set, so that nothing but the caller
    /// decides what happens when.
    fn flush_round(
        self: &Arc<Self>,
        round: &Arc<Round>,
        how: &DrainHow,
        until: Option<Instant>,
        progress: &mut dyn FnMut(u64),
    ) {
        if self.config.flushers == 0 && until.is_none() {
            round.work(self);
        }
        round.wait(self, how, until, progress);
    }

    /// Makes removals durable; by a thread that is left behind if a directory hangs.
    fn settle_until(self: &Arc<Self>, how: &DrainHow, until: Option<Instant>) {
        if self.has_removals() && self.config.flushers == 0 && until.is_none() {
            return self.settle_removals();
        }
        let round = Round::of(self, None);
        while self.has_removals() {
            if let Some(settler) = Settler::of(self).filter(|_| self.hired.one_more()) {
                round.hire(self, |_, _| settler.settle());
                return round.wait(self, how, until, &mut |_| ());
            }
            if is_over(how, until) {
                return;
            }
            thread::sleep(STEP);
        }
    }

    /// What is dirty, the oldest first, and last what hangs.
    fn by_age(&self) -> Vec<Arc<DirtyFile>> {
        let mut files = self.table.all_dirty();
        files.sort_by_cached_key(|file| {
            let hangs = self.hangs(file);
            let state = file.state();
            (hangs, state.first, state.no)
        });
        files
    }

    /// What remains of it, and why.
    fn left(&self, file: &DirtyFile) -> Option<Remaining> {
        let mut left = remaining(file)?;
        if left.error.is_none() && (self.hangs(file) || self.hired.are_all()) {
            left.error = Some(Error::new(Errno::TIMEDOUT).on("the source does not answer for", &left.path));
        }
        Some(left)
    }

    fn progress(&self, files: u64, bytes: u64) -> Progress {
        let (files_left, bytes_left) = (self.table.dirty() as u64, self.pressure.dirty());
        Progress { files, bytes, files_left, bytes_left }
    }
}

/// Waits a little for what failed to pass. Whether there is time for another round.
fn wait_for_round(how: &DrainHow, until: Option<Instant>) -> bool {
    let next = Instant::now() + ROUND;
    while !is_over(how, until) && Instant::now() < next {
        thread::sleep(STEP);
    }
    !is_over(how, until)
}

fn is_over(how: &DrainHow, until: Option<Instant>) -> bool {
    until.is_some_and(|until| Instant::now() >= until) || how.cancel.load(Ordering::Acquire)
}

/// `None` if it became clean meanwhile.
pub(crate) fn remaining(file: &DirtyFile) -> Option<Remaining> {
    let path = file.told();
    let state = file.state();
    let (bytes, error) = (state.extents.bytes(), state.failure().cloned());
    state.is_dirty().then_some(Remaining { path, bytes, error })
}
