use std::cell::Cell;
use std::time::{Duration, Instant};

use cachefs_fuse::control::Outcome;
use indicatif::HumanBytes;

use super::back::{Back, left};
use super::control::outcome;
use super::leaving::Leaving;
use super::notifier::Notifier;
use super::voice::Voice;

/// How often the service manager hears that it is still written back.
const EXTEND_PERIOD: Duration = Duration::from_secs(1);

/// How a mount ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// Nothing is left to be done.
    Nothing,
    /// Bytes stay in the journal.
    Dirty,
    /// Others had changed files, too: both versions were kept.
    Conflicts,
}

impl Rest {
    fn of(outcome: &Outcome) -> Self {
        match (outcome.dirty_bytes + outcome.dirty_files, outcome.conflicts) {
            (0, 0) => Self::Nothing,
            (0, _) => Self::Conflicts,
            _ => Self::Dirty,
        }
    }

    /// If it ended now.
    pub(super) fn now(back: &Back) -> Self {
        Self::of(&outcome(back, Vec::new()))
    }

    /// The exit code.
    pub(super) const fn code(self) -> i32 {
        match self {
            Self::Nothing => 0,
            Self::Dirty => 10,
            Self::Conflicts => 11,
        }
    }
}

/// Once the mount is gone: writes back what was written, and tells those who wait for it what remains.
pub(super) fn part(
    back: Option<&Back>,
    leaving: &Leaving,
    aside: Option<Voice>,
    notifier: &Notifier,
) -> Rest {
    let deadline = leaving.begin();
    let outcome = match back {
        Some(back) => {
            let extended: Cell<Option<Instant>> = Cell::new(None);
            let drained = back.drain_at_last(deadline, &|tempo| {
                let now = Instant::now();
                leaving.note(tempo.far(now));
                if extended.get().is_none_or(|at| now.saturating_duration_since(at) >= EXTEND_PERIOD) {
                    extended.set(Some(now));
                    notifier.extend(&format!("Writing back: {}", tempo.shown(now)));
                }
            });
            tell_conflicts(back, aside);
            tell_remains(back, aside);
            back.forget();
            outcome(back, left(&drained.remaining))
        }
        None => Outcome::default(),
    };
    let rest = Rest::of(&outcome);
    leaving.end(outcome);
    rest
}

/// To the log, and to people who do not see that.
pub(super) fn tell_remains(back: &Back, aside: Option<Voice>) {
    match back.remains() {
        Some(remains) => warn(&remains, aside),
        None => tracing::info!("everything that was written is in the source"),
    }
}

fn tell_conflicts(back: &Back, aside: Option<Voice>) {
    let conflicts = back.status().conflicts;
    if conflicts > 0 {
        warn(&format!("{conflicts} files were changed by others, too: ours are beside them"), aside);
    }
    let lost = back.status().lost_bytes;
    if lost > 0 {
        warn(&format!("{} are lost", HumanBytes(lost)), aside);
    }
}

fn warn(line: &str, aside: Option<Voice>) {
    tracing::warn!("{line}");
    if let Some(voice) = aside {
        voice.note(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_remains_is_told_by_the_exit_code() {
        let code = |dirty_bytes, conflicts| {
            Rest::of(&Outcome { dirty_bytes, conflicts, ..Outcome::default() }).code()
        };
        assert_eq!([code(0, 0), code(1, 0), code(1, 1), code(0, 2)], [0, 10, 10, 11]);
    }
}
