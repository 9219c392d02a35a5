//! The clock that lifetimes and latencies are measured by; injected, so that tests steer it.

use std::cell::Cell;

pub use cachefs_vfs::clock::{Clock, ManualClock, Moment, SystemClock};

/// A time by which lifetimes are judged. What nobody lets grow old needs none, so it may be read late or never.
pub(crate) trait When {
    /// The time.
    fn moment(&self) -> Moment;
}

impl When for Moment {
    fn moment(&self) -> Moment {
        *self
    }
}

/// The time of one question: read from the clock when it is first needed, and the same from there on.
#[derive(Debug)]
pub(crate) struct Now<'a> {
    clock: &'a dyn Clock,
    read: Cell<Option<Moment>>,
}

impl<'a> Now<'a> {
    pub(crate) const fn of(clock: &'a dyn Clock) -> Self {
        Self { clock, read: Cell::new(None) }
    }
}

impl When for &Now<'_> {
    fn moment(&self) -> Moment {
        self.read.get().unwrap_or_else(|| {
            let now = self.clock.now();
            self.read.set(Some(now));
            now
        })
    }
}
