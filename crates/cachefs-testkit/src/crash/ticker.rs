use std::fmt;
use std::sync::Arc;

use cachefs_vfs::Time;
use cachefs_vfs::clock::Clock;
use parking_lot::Mutex;

/// The time of day that changes are stamped with: each later than the one before, whatever the clock says.
pub(super) struct Ticker {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last: Time,
    /// Told instead, while what survived a crash is put together.
    fixed: Option<Time>,
}

impl Ticker {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { clock, state: Mutex::default() })
    }

    pub(super) fn now(&self) -> Time {
        let mut state = self.state.lock();
        if let Some(fixed) = state.fixed {
            return fixed;
        }
        state.last = self.clock.wall().max(after(state.last));
        state.last
    }

    /// Tells this time until the next call.
    pub(super) fn fix(&self, time: Option<Time>) {
        self.state.lock().fixed = time;
    }
}

fn after(time: Time) -> Time {
    match time.nanos {
        999_999_999 => Time { seconds: time.seconds + 1, nanos: 0 },
        nanos => Time { nanos: nanos + 1, ..time },
    }
}

impl fmt::Debug for Ticker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticker").finish_non_exhaustive()
    }
}
