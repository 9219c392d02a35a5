use std::time::{Duration, Instant};

use cachefs_fuse::control::{Far, Outcome};
use parking_lot::{Condvar, Mutex};

/// How long the end of the process waits for those who are still to be told how it went.
const TELL_MAX: Duration = Duration::from_secs(3);

/// What becomes of a mount once it is unmounted, for those who wait for it.
#[derive(Debug, Default)]
pub(super) struct Leaving {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Nobody waits longer for the source to take what is written.
    deadline: Option<Instant>,
    draining: bool,
    far: Option<Far>,
    outcome: Option<Outcome>,
    /// Those who will be told.
    waiters: usize,
}

/// One who waits for the end; the process does not end before it is dropped, for a while.
#[derive(Debug)]
pub(super) struct Waiter<'a>(&'a Leaving);

impl Leaving {
    /// The mount is gone, and what was written goes to the source; until when at the latest.
    pub(super) fn begin(&self) -> Option<Instant> {
        let mut state = self.state.lock();
        state.draining = true;
        self.changed.notify_all();
        state.deadline
    }

    pub(super) fn is_draining(&self) -> bool {
        self.state.lock().draining
    }

    /// Bounds it.
    pub(super) fn until(&self, deadline: Option<Instant>) {
        self.state.lock().deadline = deadline;
    }

    pub(super) fn note(&self, far: Far) {
        self.state.lock().far = Some(far);
        self.changed.notify_all();
    }

    /// It is over: waits until all who waited have been told, or for a while.
    pub(super) fn end(&self, outcome: Outcome) {
        let until = Instant::now() + TELL_MAX;
        let mut state = self.state.lock();
        state.outcome = Some(outcome);
        self.changed.notify_all();
        while state.waiters > 0 && !self.changed.wait_until(&mut state, until).timed_out() {}
    }

    pub(super) fn waiter(&self) -> Waiter<'_> {
        self.state.lock().waiters += 1;
        Waiter(self)
    }
}

/// What a waiter hears.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Heard {
    /// How far it is; nothing new, if it is none.
    Far(Option<Far>),
    Outcome(Outcome),
}

impl Waiter<'_> {
    /// What there is to hear next, or nothing within `patience`.
    pub(super) fn hear(&self, patience: Duration) -> Heard {
        let until = Instant::now() + patience;
        let mut state = self.0.state.lock();
        loop {
            if let Some(outcome) = &state.outcome {
                return Heard::Outcome(outcome.clone());
            }
            if let Some(far) = state.far.take() {
                return Heard::Far(Some(far));
            }
            if self.0.changed.wait_until(&mut state, until).timed_out() {
                return Heard::Far(None);
            }
        }
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.state.lock().waiters -= 1;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn the_end_waits_for_those_who_are_to_be_told() {
        let leaving = Arc::new(Leaving::default());
        let waiter = leaving.waiter();
        leaving.note(Far { bytes_left: 7, ..Far::default() });
        assert!(matches!(waiter.hear(Duration::ZERO), Heard::Far(Some(far)) if far.bytes_left == 7));
        assert_eq!(waiter.hear(Duration::ZERO), Heard::Far(None));
        let ending = std::thread::spawn({
            let leaving = Arc::clone(&leaving);
            move || leaving.end(Outcome { dirty_bytes: 3, ..Outcome::default() })
        });
        let heard = waiter.hear(Duration::from_secs(10));
        assert!(matches!(heard, Heard::Outcome(outcome) if outcome.dirty_bytes == 3));
        drop(waiter);
        ending.join().expect("ended");
    }
}
