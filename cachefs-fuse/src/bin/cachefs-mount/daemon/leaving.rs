use std::time::{Duration, Instant};

use cachefs_fuse::control::{Far, Outcome};
use parking_lot::{Condvar, Mutex};

/// What becomes of a mount once it is unmounted, for those who wait for it: each hears of the end, one of each step.
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
    /// Out of the tree, and perhaps still in use.
    detached: bool,
    far: Option<Far>,
    outcome: Option<Outcome>,
}

impl Leaving {
    /// The mount is gone, and what was written goes to the source; until when at the latest.
    pub(super) fn begin(&self) -> Option<Instant> {
        let mut state = self.state.lock();
        state.draining = true;
        self.changed.notify_all();
        state.deadline
    }

    /// The mount is out of the tree; those who use it are served until they are gone.
    pub(super) fn detach(&self) {
        self.state.lock().detached = true;
    }

    pub(super) fn is_detached(&self) -> bool {
        self.state.lock().detached
    }

    /// What becomes of the mount, in a word.
    pub(super) fn stage(&self) -> &'static str {
        let state = self.state.lock();
        match (state.draining, state.detached) {
            (true, _) => "draining",
            (false, true) => "detached",
            (false, false) => "serving",
        }
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

    /// It is over.
    pub(super) fn end(&self, outcome: Outcome) {
        self.state.lock().outcome = Some(outcome);
        self.changed.notify_all();
    }

    /// What there is to hear next, or nothing within `patience`.
    pub(super) fn hear(&self, patience: Duration) -> Heard {
        let until = Instant::now() + patience;
        let mut state = self.state.lock();
        loop {
            if let Some(outcome) = &state.outcome {
                return Heard::Outcome(outcome.clone());
            }
            if let Some(far) = state.far.take() {
                return Heard::Far(Some(far));
            }
            if self.changed.wait_until(&mut state, until).timed_out() {
                return Heard::Far(None);
            }
        }
    }
}

/// What who waits for the end hears.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Heard {
    /// How far it is; nothing new, if it is none.
    Far(Option<Far>),
    Outcome(Outcome),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_hears_how_far_it_is_and_how_it_ended() {
        let leaving = Leaving::default();
        leaving.note(Far { bytes_left: 7, ..Far::default() });
        assert!(matches!(leaving.hear(Duration::ZERO), Heard::Far(Some(far)) if far.bytes_left == 7));
        assert_eq!(leaving.hear(Duration::ZERO), Heard::Far(None));
        assert!(!leaving.is_draining() && leaving.begin().is_none() && leaving.is_draining());
        std::thread::scope(|scope| {
            scope.spawn(|| leaving.end(Outcome { dirty_bytes: 3, ..Outcome::default() }));
            let heard = leaving.hear(Duration::from_secs(10));
            assert!(matches!(heard, Heard::Outcome(outcome) if outcome.dirty_bytes == 3));
        });
    }
}
