use crate::core::Core;
use crate::sync::{Arc, AtomicBool, AtomicUsize, Ordering};

/// Threads of all rounds at most, for each flusher that there should be: what some rounds have if all they flush hangs.
const TIMES_MAX: usize = 16;

/// With so many astray for each flusher, as one round may leave behind, the next rounds make do with fewer.
const TIMES_MANY: usize = 4;

/// As if there were so many flushers at least.
const FLUSHERS_MIN: usize = 4;

/// The threads that rounds hire, those that hang in the backing after whoever had them flush has left among them.
/// They are counted before they begin, so that there are never more than the limit.
#[derive(Debug)]
pub(crate) struct Hired {
    flushers: usize,
    threads: AtomicUsize,
    astray: AtomicUsize,
    /// One of them makes removals durable.
    settles: AtomicBool,
}

impl Hired {
    pub(crate) fn new(flushers: usize) -> Self {
        let (threads, astray, settles) = Default::default();
        Self { flushers: flushers.max(FLUSHERS_MIN), threads, astray, settles }
    }

    fn max(&self) -> usize {
        self.flushers.saturating_mul(TIMES_MAX)
    }

    /// Whether there may be one more, which counts from now on.
    pub(super) fn one_more(&self) -> bool {
        let more = |threads: usize| (threads < self.max()).then_some(threads + 1);
        self.threads.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).is_ok()
    }

    /// Whether there may not be one more.
    pub(super) fn are_all(&self) -> bool {
        self.threads.load(Ordering::Acquire) >= self.max()
    }

    /// Whether many hang that nobody waits for.
    pub(super) fn are_scarce(&self) -> bool {
        self.astray.load(Ordering::Acquire) >= self.flushers.saturating_mul(TIMES_MANY)
    }

    /// Nobody waits for so many any more.
    pub(super) fn are_left(&self, threads: usize) {
        self.astray.fetch_add(threads, Ordering::AcqRel);
    }

    /// One has ended, which was left or not.
    pub(super) fn ended(&self, was_left: bool) {
        if was_left {
            self.astray.fetch_sub(1, Ordering::AcqRel);
        }
        self.threads.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Makes removals durable, alone until it is dropped: a directory that hangs costs one thread.
pub(super) struct Settler(Arc<Core>);

impl Settler {
    /// `None` if somebody does.
    pub(super) fn of(core: &Arc<Core>) -> Option<Self> {
        let free = !core.hired.settles.swap(true, Ordering::AcqRel);
        free.then(|| Self(Arc::clone(core)))
    }

    pub(super) fn settle(self) {
        self.0.settle_removals();
    }
}

impl Drop for Settler {
    fn drop(&mut self) {
        self.0.hired.settles.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_astray_count_until_they_end() {
        let hired = Hired::new(1);
        assert_eq!((0..100).filter(|_| hired.one_more()).count(), 64);
        assert!(hired.are_all() && !hired.are_scarce());
        hired.are_left(16);
        assert!(hired.are_scarce() && !hired.one_more());
        hired.ended(true);
        assert!(!hired.are_scarce() && hired.one_more() && !hired.one_more());
    }
}
