//! When to try again what the backing refused.

mod dice;

pub(crate) use dice::Dice;

use std::time::Duration;

use cachefs_vfs::Errno;
use cachefs_vfs::clock::Moment;

/// Before the second try.
const FIRST: Duration = Duration::from_millis(100);
/// Between tries at most, and between those of what is unlikely to pass.
const LONGEST: Duration = Duration::from_secs(30);

/// Whether a failure may pass without anybody doing something about the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The backing, its network or its space: may pass any moment.
    Transient,
    /// The file or its rights: passes when somebody changes them.
    Lasting,
}

impl Failure {
    /// What a failure of the backing with `errno` is.
    pub(crate) fn of(errno: Errno) -> Self {
        match errno {
            Errno::IO
            | Errno::TIMEDOUT
            | Errno::STALE
            | Errno::NOSPC
            | Errno::DQUOT
            | Errno::AGAIN
            | Errno::INTR
            | Errno::BUSY
            | Errno::NOMEM
            | Errno::NOBUFS
            | Errno::NFILE
            | Errno::MFILE
            | Errno::NOLCK
            | Errno::TXTBSY
            | Errno::NOTCONN
            | Errno::CONNREFUSED
            | Errno::CONNRESET
            | Errno::CONNABORTED
            | Errno::PIPE
            | Errno::SHUTDOWN
            | Errno::HOSTDOWN
            | Errno::HOSTUNREACH
            | Errno::NETDOWN
            | Errno::NETUNREACH
            | Errno::NETRESET
            | Errno::NOLINK
            | Errno::COMM
            | Errno::REMOTEIO => Self::Transient,
            _ => Self::Lasting,
        }
    }
}

/// The tries of one thing. Never gives up: what waits here is somebody's bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Retry {
    failures: u32,
    due: Option<Moment>,
}

impl Retry {
    /// Nothing has failed.
    pub(crate) const fn new() -> Self {
        Self { failures: 0, due: None }
    }

    /// A try has failed with `errno`. Returns how long to wait before the next: 100 ms at first, twice as long each
    /// time up to 30 s, less up to a half of it by chance, so that many do not come at once. What is lasting waits
    /// longest from the start.
    pub(crate) fn failed(&mut self, errno: Errno, now: Moment, dice: &Dice) -> Duration {
        let whole = match Failure::of(errno) {
            Failure::Transient => FIRST.saturating_mul(1 << self.failures.min(16)).min(LONGEST),
            Failure::Lasting => LONGEST,
        };
        let wait = whole - dice.share_of(whole / 2);
        self.failures = self.failures.saturating_add(1);
        self.due = Some(now.plus(wait));
        wait
    }

    /// A try has succeeded: it is as if nothing had failed.
    pub(crate) fn succeeded(&mut self) {
        *self = Self::new();
    }

    /// Tries that failed since the last that succeeded.
    #[cfg(test)]
    pub(crate) const fn failures(&self) -> u32 {
        self.failures
    }

    /// When the next try is due; `None` for any time.
    pub(crate) const fn due(&self) -> Option<Moment> {
        self.due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment(1_000_000_000_000);

    #[test]
    fn waits_double_up_to_half_a_minute() {
        let (mut retry, dice) = (Retry::new(), Dice::seeded(1));
        let mut whole = FIRST;
        for failure in 1..20 {
            let wait = retry.failed(Errno::IO, NOW, &dice);
            assert!(wait > whole / 2 && wait <= whole, "failure {failure}: {wait:?} of {whole:?}");
            assert_eq!(retry.due(), Some(NOW.plus(wait)));
            assert_eq!(retry.failures(), failure);
            whole = (whole * 2).min(LONGEST);
        }
        assert_eq!(whole, LONGEST);
    }

    #[test]
    fn what_is_lasting_waits_longest_from_the_start() {
        let (mut retry, dice) = (Retry::new(), Dice::seeded(2));
        assert!(retry.failed(Errno::ROFS, NOW, &dice) > LONGEST / 2);
        assert!(retry.failed(Errno::ACCESS, NOW, &dice) > LONGEST / 2);
    }

    #[test]
    fn success_forgets_all_failures() {
        let (mut retry, dice) = (Retry::new(), Dice::seeded(3));
        for _ in 0..5 {
            retry.failed(Errno::TIMEDOUT, NOW, &dice);
        }
        retry.succeeded();
        assert_eq!(retry, Retry::new());
        assert!(retry.failed(Errno::TIMEDOUT, NOW, &dice) <= FIRST);
    }

    #[test]
    fn many_that_fail_together_do_not_come_back_together() {
        let dice = Dice::seeded(4);
        let mut waits: Vec<_> = (0..100).map(|_| Retry::new().failed(Errno::NOSPC, NOW, &dice)).collect();
        waits.sort_unstable();
        waits.dedup();
        assert!(waits.len() > 90, "{} of 100 differ", waits.len());
    }
}
