use std::time::Duration;

use crate::sync::{Condvar, Mutex};

/// Calls the flushers.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    rung: Mutex<u64>,
    heard: Condvar,
}

impl Bell {
    /// Wakes all who wait. Does not block.
    pub(crate) fn ring(&self) {
        *self.rung.lock() += 1;
        self.heard.notify_all();
    }

    /// How often it was rung.
    pub(crate) fn rung(&self) -> u64 {
        *self.rung.lock()
    }

    /// Waits until it was rung more than `seen` times, `at_most` that long.
    pub(crate) fn wait(&self, seen: u64, at_most: Duration) {
        let mut rung = self.rung.lock();
        self.heard.wait_while_for(&mut rung, |rung| *rung == seen, at_most);
    }
}
