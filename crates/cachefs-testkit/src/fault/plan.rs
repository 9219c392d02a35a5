use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cachefs_vfs::{Error, Result};
use parking_lot::{Condvar, Mutex, RwLock};

use super::rule::{Fault, Rule};
use crate::wrap::{Call, Hold, Intercept, Permit};

/// The rules in force. Lock order: the list, then the state of one rule; neither is held while a call waits.
#[derive(Debug, Default)]
pub(super) struct Plan {
    rules: Arc<RwLock<Vec<Arc<Active>>>>,
    fired: AtomicU64,
}

/// A rule in force.
#[derive(Debug)]
struct Active {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    rule: Rule,
    seen: u64,
    fired: u64,
    waiting: usize,
    released: bool,
}

impl Active {
    /// Counts the call if it matches; what to do to it if it is struck.
    fn strike(&self, call: &Call<'_>) -> Option<Fault> {
        let mut state = self.state.lock();
        if state.released || !state.rule.matches(call) {
            return None;
        }
        state.seen += 1;
        let (seen, fired) = (state.seen, state.fired);
        if !state.rule.strikes(seen, fired) {
            return None;
        }
        state.fired += 1;
        self.changed.notify_all();
        Some(state.rule.fault())
    }

    fn release(&self) {
        self.state.lock().released = true;
        self.changed.notify_all();
    }

    /// Waits until `done`, at most for `patience`; whether it came true.
    fn await_state(&self, patience: Duration, done: impl Fn(&State) -> bool) -> bool {
        let deadline = Instant::now() + patience;
        let mut state = self.state.lock();
        while !done(&state) {
            if self.changed.wait_until(&mut state, deadline).timed_out() {
                return done(&state);
            }
        }
        true
    }
}

impl Hold for Active {
    fn wait(&self) {
        let mut state = self.state.lock();
        state.waiting += 1;
        self.changed.notify_all();
        while !state.released {
            self.changed.wait(&mut state);
        }
        state.waiting -= 1;
        self.changed.notify_all();
    }
}

impl Plan {
    pub(super) fn add(&self, rule: Rule) -> RuleHandle {
        let state = State { rule, seen: 0, fired: 0, waiting: 0, released: false };
        let active = Arc::new(Active { state: Mutex::new(state), changed: Condvar::new() });
        self.rules.write().push(Arc::clone(&active));
        RuleHandle { rules: Arc::clone(&self.rules), active }
    }

    pub(super) fn release(&self) {
        let rules = std::mem::take(&mut *self.rules.write());
        for active in rules {
            active.release();
        }
    }

    pub(super) fn fired(&self) -> u64 {
        self.fired.load(Ordering::SeqCst)
    }

    fn strikes(&self, call: &Call<'_>) -> Vec<(Fault, Arc<Active>)> {
        let rules = self.rules.read();
        let struck = |active: &Arc<Active>| active.strike(call).map(|fault| (fault, Arc::clone(active)));
        rules.iter().filter_map(struck).collect()
    }
}

impl Intercept for Plan {
    const PATHS: bool = true;

    fn before(&self, call: &Call<'_>) -> Result<Permit> {
        let mut permit = Permit::default();
        let mut failure = None;
        let strikes = self.strikes(call);
        if !strikes.is_empty() {
            self.fired.fetch_add(1, Ordering::SeqCst);
        }
        for (fault, active) in strikes {
            match fault {
                Fault::Fail(errno) => failure = failure.or(Some(errno)),
                Fault::FailAfter(errno) => permit.fail_after = permit.fail_after.or(Some(errno)),
                Fault::Hang => active.wait(),
                Fault::HangAfter => permit.hold_after.push(active),
                Fault::Short(bytes) => {
                    permit.bytes_max = Some(permit.bytes_max.map_or(bytes, |max| max.min(bytes)));
                }
                Fault::Delay(delay) => thread::sleep(delay),
            }
        }
        failure.map_or(Ok(permit), |errno| Err(Error::new(errno)))
    }

    fn after(&self, _: &Call<'_>, _: u64) {}
}

/// A rule that was added. Dropping it changes nothing.
#[derive(Debug)]
pub struct RuleHandle {
    rules: Arc<RwLock<Vec<Arc<Active>>>>,
    active: Arc<Active>,
}

impl RuleHandle {
    /// How many calls matched, struck or not.
    #[must_use]
    pub fn seen(&self) -> u64 {
        self.active.state.lock().seen
    }

    /// How many calls were struck.
    #[must_use]
    pub fn fired(&self) -> u64 {
        self.active.state.lock().fired
    }

    /// How many calls hang now.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.active.state.lock().waiting
    }

    /// Waits, at most for `patience`, until `calls` calls were struck; whether they were.
    #[must_use]
    pub fn wait_fired(&self, calls: u64, patience: Duration) -> bool {
        self.active.await_state(patience, |state| state.fired >= calls)
    }

    /// Waits, at most for `patience`, until `calls` calls hang; whether they do.
    #[must_use]
    pub fn wait_waiting(&self, calls: usize, patience: Duration) -> bool {
        self.active.await_state(patience, |state| state.waiting >= calls)
    }

    /// Removes the rule and lets the calls that hang in it go on.
    pub fn release(&self) {
        self.rules.write().retain(|other| !Arc::ptr_eq(other, &self.active));
        self.active.release();
    }

    /// A guard that releases the rule when it is dropped, also by a test that panics.
    #[must_use]
    pub fn release_on_drop(self) -> ReleaseOnDrop {
        ReleaseOnDrop(self)
    }
}

/// Releases a rule when it is dropped; see [`RuleHandle::release_on_drop`].
#[derive(Debug)]
pub struct ReleaseOnDrop(RuleHandle);

impl std::ops::Deref for ReleaseOnDrop {
    type Target = RuleHandle;

    fn deref(&self) -> &RuleHandle {
        &self.0
    }
}

impl Drop for ReleaseOnDrop {
    fn drop(&mut self) {
        self.0.release();
    }
}
