//! The clock that lifetimes, ages and latencies are measured by; injected, so that tests steer it.

use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::Time;

/// A point in time: nanoseconds since some fixed moment of the same clock. Meaningless across clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub u64);

impl Moment {
    /// How long this is after `earlier`; zero if it is not.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// This much later; the end of time where that is beyond it.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)))
    }
}

/// Tells the time. Never goes back.
pub trait Clock: Send + Sync + Debug {
    /// The time in steps of a few milliseconds, for lifetimes: cheap enough for every hit.
    fn now(&self) -> Moment;

    /// The time as exactly as it can be had, for measuring calls. Not to be compared with [`Self::now`], which may
    /// lag behind by one step.
    fn now_exact(&self) -> Moment;

    /// The time of day, in steps of a few milliseconds: to tell how old a file is by its own times.
    fn wall(&self) -> Time;
}

/// The system's monotonic clock; its coarse sibling (one kernel tick, 1 to 10 ms) for [`Clock::now`].
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        moment(clock_gettime(ClockId::MonotonicCoarse))
    }

    fn now_exact(&self) -> Moment {
        moment(clock_gettime(ClockId::Monotonic))
    }

    fn wall(&self) -> Time {
        let time = clock_gettime(ClockId::RealtimeCoarse);
        Time { seconds: time.tv_sec, nanos: u32::try_from(time.tv_nsec).unwrap_or(0) }
    }
}

fn moment(time: Timespec) -> Moment {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanos = u64::try_from(time.tv_nsec).unwrap_or(0);
    Moment(seconds.saturating_mul(1_000_000_000).saturating_add(nanos))
}

/// A clock that stands still until it is moved, for tests.
#[derive(Debug, Default)]
pub struct ManualClock(AtomicU64);

impl ManualClock {
    /// Stands at an arbitrary point, one hour after its zero.
    #[must_use]
    pub fn new() -> Self {
        Self(AtomicU64::new(3_600_000_000_000))
    }

    /// Moves on.
    pub fn advance(&self, duration: Duration) {
        self.0.fetch_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Moment {
        Moment(self.0.load(Ordering::SeqCst))
    }

    fn now_exact(&self) -> Moment {
        self.now()
    }

    /// Its own, counted from the epoch.
    fn wall(&self) -> Time {
        let nanos = self.now().0;
        Time {
            seconds: i64::try_from(nanos / 1_000_000_000).unwrap_or(i64::MAX),
            nanos: u32::try_from(nanos % 1_000_000_000).unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_clock_moves_only_when_told() {
        let clock = ManualClock::new();
        let start = clock.now();
        assert_eq!(clock.now(), start);
        clock.advance(Duration::from_millis(7));
        assert_eq!(clock.now().since(start), Duration::from_millis(7));
        assert_eq!(start.since(clock.now()), Duration::ZERO, "time before is no time");
    }

    #[test]
    fn the_system_clock_does_not_go_back() {
        let (mut coarse, mut exact) = (SystemClock.now(), SystemClock.now_exact());
        for _ in 0..1000 {
            let (next_coarse, next_exact) = (SystemClock.now(), SystemClock.now_exact());
            assert!(next_coarse >= coarse && next_exact >= exact && next_exact >= next_coarse);
            (coarse, exact) = (next_coarse, next_exact);
        }
    }
}
