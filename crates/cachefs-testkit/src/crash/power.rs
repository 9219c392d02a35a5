use std::sync::Arc;

use cachefs_vfs::{Errno, Error, Result};
use parking_lot::Mutex;

/// What several [`super::CrashFs`] hang on, so that they stop at the same moment. On until it is told otherwise.
#[derive(Clone, Debug, Default)]
pub struct Power(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    cut: bool,
    /// How many calls are still let through, where that is limited.
    left: Option<u64>,
    calls: u64,
}

/// How a call that changes something ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It takes place.
    Whole,
    /// It is the one in which everything stops: of a write, only the first part takes place.
    Torn,
}

impl Power {
    /// Lets so many more calls that change or sync something through; in the next one everything stops, and all calls
    /// answer `EIO` from then on.
    pub fn cut_after(&self, calls: u64) {
        self.0.lock().left = Some(calls);
    }

    /// Stops everything now.
    pub fn cut(&self) {
        self.0.lock().cut = true;
    }

    /// Whether everything has stopped.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.0.lock().cut
    }

    /// How many calls that change or sync something there were.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.0.lock().calls
    }

    /// Lets calls through again, as many as there come.
    pub fn restore(&self) {
        let mut state = self.0.lock();
        (state.cut, state.left) = (false, None);
    }

    /// Before a call that changes nothing.
    pub(super) fn check(&self) -> Result<()> {
        if self.is_cut() { Err(off()) } else { Ok(()) }
    }

    /// Before a call that changes or syncs something.
    pub(super) fn spend(&self) -> Result<Fate> {
        let mut state = self.0.lock();
        if state.cut {
            return Err(off());
        }
        state.calls += 1;
        match &mut state.left {
            Some(0) => {
                state.cut = true;
                return Ok(Fate::Torn);
            }
            Some(left) => *left -= 1,
            None => {}
        }
        Ok(Fate::Whole)
    }
}

pub(super) fn off() -> Error {
    Error::new(Errno::IO)
}
