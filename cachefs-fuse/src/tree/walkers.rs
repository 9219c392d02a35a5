use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cachefs_vfs::{Errno, Result};
use lru::LruCache;
use parking_lot::Mutex;

use super::Tree;

/// Threads that are remembered at most.
const WALKERS_MAX: NonZeroUsize = NonZeroUsize::new(256).expect("it is not zero");
/// A walk begins anew right after it failed.
const AGE_MAX: Duration = Duration::from_secs(10);

/// Threads of programs that were told that the file at the end of their way is not there any more. The kernel walks once
/// more for them, and asks for each name: what is found then has to stay reachable, for if it is gone as well when it is
/// opened, `open` fails with an error that the plain directory never gives.
#[derive(Debug)]
pub(super) struct Walkers {
    misled: Mutex<LruCache<u32, Instant>>,
    /// How many these are, for those who would lock only to find none.
    count: AtomicUsize,
}

impl Walkers {
    pub(super) fn new() -> Self {
        Self { misled: Mutex::new(LruCache::new(WALKERS_MAX)), count: AtomicUsize::new(0) }
    }

    fn add(&self, walker: u32, now: Instant) {
        let mut misled = self.misled.lock();
        misled.push(walker, now);
        self.count.store(misled.len(), Ordering::Release);
    }

    /// The thread came where it wanted to.
    pub(super) fn remove(&self, walker: u32) {
        if self.count.load(Ordering::Acquire) > 0 {
            let mut misled = self.misled.lock();
            misled.pop(&walker);
            self.count.store(misled.len(), Ordering::Release);
        }
    }

    /// Forgets those who did not come back in time: one that has ended never will, and all others would lock for it.
    fn forget(&self, now: Instant) {
        if self.count.load(Ordering::Acquire) == 0 {
            return;
        }
        let mut misled = self.misled.lock();
        // Who is looked up is only peeked at: the one used the longest ago is the oldest.
        while misled.peek_lru().is_some_and(|(_, &since)| now.saturating_duration_since(since) >= AGE_MAX) {
            misled.pop_lru();
        }
        self.count.store(misled.len(), Ordering::Release);
    }

    /// Whether the thread walks once more.
    pub(super) fn is_misled(&self, walker: u32, now: impl FnOnce() -> Instant) -> bool {
        if self.count.load(Ordering::Acquire) == 0 {
            return false;
        }
        let since = self.misled.lock().peek(&walker).copied();
        let lasts = since.is_some_and(|since| now().saturating_duration_since(since) < AGE_MAX);
        if since.is_some() && !lasts {
            self.remove(walker);
        }
        lasts
    }
}

impl Tree {
    /// Heeds the result of a verb at the end of a walk: whether the kernel, on `ESTALE`, walks there once more.
    pub(crate) fn heed_walk<T>(&self, walker: u32, result: Result<T>) -> Result<T> {
        if result.is_ok() {
            self.walkers.remove(walker);
        }
        self.heed_way(walker, result)
    }

    /// The same of a verb that may be on the way.
    pub(crate) fn heed_way<T>(&self, walker: u32, result: Result<T>) -> Result<T> {
        if let Err(error) = &result
            && error.errno() == Errno::STALE
            && !self.inodes.is_uncounted()
        {
            self.walkers.add(walker, Instant::now());
        }
        result
    }

    /// Forgets walks that were not made again.
    pub(crate) fn forget_walks(&self, now: Instant) {
        self.walkers.forget(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walker_is_misled_until_it_arrives_or_gives_up() {
        let (walkers, start) = (Walkers::new(), Instant::now());
        assert!(!walkers.is_misled(1, || start));
        walkers.add(1, start);
        walkers.add(2, start);
        walkers.remove(1);
        assert!(!walkers.is_misled(1, || start) && walkers.is_misled(2, || start));
        assert!(!walkers.is_misled(2, || start + AGE_MAX));
        assert_eq!(walkers.count.load(Ordering::Acquire), 0);
    }

    #[test]
    fn who_does_not_come_back_is_forgotten() {
        let (walkers, start) = (Walkers::new(), Instant::now());
        walkers.add(1, start);
        walkers.add(2, start);
        walkers.add(1, start + AGE_MAX / 2);
        walkers.forget(start + AGE_MAX);
        assert_eq!(walkers.count.load(Ordering::Acquire), 1);
        assert!(walkers.is_misled(1, || start + AGE_MAX));
        walkers.forget(start + AGE_MAX * 2);
        assert_eq!(walkers.count.load(Ordering::Acquire), 0);
    }

    #[test]
    fn those_misled_last_are_remembered() {
        let (walkers, now) = (Walkers::new(), Instant::now());
        (0..=256).for_each(|walker| walkers.add(walker, now));
        assert!(!walkers.is_misled(0, || now) && walkers.is_misled(256, || now));
    }
}
