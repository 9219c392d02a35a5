use std::cell::Cell;
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

/// What a verb is at the end of a walk for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Errand {
    /// Attributes; it may also be on the way to another one.
    Look,
    /// The file's bytes.
    Read,
    /// Another state of the file, or the right to write to it.
    Change,
}

thread_local! {
    /// The walk at whose end the verb is that runs on this thread of ours.
    static WALK: Cell<Option<(u32, Errand)>> = const { Cell::new(None) };
}

/// Ends [`WALK`], also when the verb panics.
struct Arrived;

impl Drop for Arrived {
    fn drop(&mut self) {
        WALK.set(None);
    }
}

/// Threads of programs that were told that the file at the end of their way is not there any more. The kernel walks once
/// more for them, and asks for each name: what is found then has to stay reachable, for if it is gone as well when it is
/// opened, `open` fails with an error that the plain directory never gives.
///
/// What is found is for that thread and that walk alone: anybody else who still takes it for the file of that name is to
/// be told that it is gone, or what he writes is lost with it.
#[derive(Debug)]
pub(super) struct Walkers {
    misled: Mutex<LruCache<u32, (Errand, Instant)>>,
    /// How many these are, for those who would lock only to find none.
    count: AtomicUsize,
}

impl Walkers {
    pub(super) fn new() -> Self {
        Self { misled: Mutex::new(LruCache::new(WALKERS_MAX)), count: AtomicUsize::new(0) }
    }

    fn add(&self, walker: u32, errand: Errand, now: Instant) {
        let mut misled = self.misled.lock();
        misled.push(walker, (errand, now));
        self.count.store(misled.len(), Ordering::Release);
    }

    /// The walk of the thread is over. Whether it was one that it was sent back to.
    pub(super) fn remove(&self, walker: u32) -> bool {
        if self.count.load(Ordering::Acquire) == 0 {
            return false;
        }
        let mut misled = self.misled.lock();
        let was_misled = misled.pop(&walker).is_some();
        self.count.store(misled.len(), Ordering::Release);
        was_misled
    }

    /// Forgets those who did not come back in time: one that has ended never will, and all others would lock for it.
    fn forget(&self, now: Instant) {
        if self.count.load(Ordering::Acquire) == 0 {
            return;
        }
        let mut misled = self.misled.lock();
        // Who is looked up is only peeked at: the one used the longest ago is the oldest.
        while misled
            .peek_lru()
            .is_some_and(|(_, &(_, since))| now.saturating_duration_since(since) >= AGE_MAX)
        {
            misled.pop_lru();
        }
        self.count.store(misled.len(), Ordering::Release);
    }

    /// Whether the thread walks once more, and what the verb was for that sent it back.
    pub(super) fn misled(&self, walker: u32, now: impl FnOnce() -> Instant) -> Option<Errand> {
        if self.count.load(Ordering::Acquire) == 0 {
            return None;
        }
        let (errand, since) = self.misled.lock().peek(&walker).copied()?;
        if now().saturating_duration_since(since) < AGE_MAX {
            return Some(errand);
        }
        self.remove(walker);
        None
    }
}

impl Tree {
    /// Runs the verb at the end of a walk, and heeds its result: on `ESTALE` the kernel walks there once more.
    pub(crate) fn walked<T>(
        &self,
        walker: u32,
        errand: Errand,
        verb: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        let result = {
            WALK.set(Some((walker, errand)));
            let _arrived = Arrived;
            verb()
        };
        match result.as_ref().err().map(|error| error.errno()) {
            Some(Errno::WOULDBLOCK) => {}
            Some(Errno::STALE) if !self.inodes.is_uncounted() => {
                self.walkers.add(walker, errand, Instant::now());
            }
            _ if errand != Errand::Look && self.walkers.remove(walker) => self.spares.leave(walker),
            _ => {}
        }
        result
    }

    /// Whether the thread walks once more, so that what it meets is to be kept for it. Where the kernel does not ask for
    /// each name, the end of a walk for attributes is not seen, and what is kept open is what others would change.
    pub(super) fn walks_again(&self, walker: u32) -> bool {
        let before = self.walkers.misled(walker, Instant::now);
        before.is_some_and(|errand| errand != Errand::Look || self.belief.asks_in_each_walk())
    }

    /// The thread whose walk the verb that runs is at the end of.
    pub(super) fn walker(&self) -> Option<u32> {
        WALK.get().map(|(walker, _)| walker)
    }

    /// The same, if it was sent back, and what it finds in this walk is good for what it came for. Where the kernel asks
    /// for each name in each walk, whatever the thread found by that name it found in this one. Elsewhere that may have
    /// been in one before, which ended without a verb, and is only certain of a walk for the same.
    pub(super) fn walker_again(&self) -> Option<u32> {
        let (walker, errand) = WALK.get()?;
        let before = self.walkers.misled(walker, Instant::now)?;
        let certain = errand != Errand::Change || before == errand || self.belief.asks_in_each_walk();
        certain.then_some(walker)
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
        assert!(walkers.misled(1, || start).is_none());
        walkers.add(1, Errand::Read, start);
        walkers.add(2, Errand::Look, start);
        walkers.remove(1);
        assert!(walkers.misled(1, || start).is_none() && walkers.misled(2, || start).is_some());
        assert!(walkers.misled(2, || start + AGE_MAX).is_none());
        assert_eq!(walkers.count.load(Ordering::Acquire), 0);
    }

    #[test]
    fn who_does_not_come_back_is_forgotten() {
        let (walkers, start) = (Walkers::new(), Instant::now());
        walkers.add(1, Errand::Read, start);
        walkers.add(2, Errand::Look, start);
        walkers.add(1, Errand::Change, start + AGE_MAX / 2);
        walkers.forget(start + AGE_MAX);
        assert_eq!(walkers.count.load(Ordering::Acquire), 1);
        assert!(walkers.misled(1, || start + AGE_MAX).is_some());
        walkers.forget(start + AGE_MAX * 2);
        assert_eq!(walkers.count.load(Ordering::Acquire), 0);
    }

    #[test]
    fn those_misled_last_are_remembered() {
        let (walkers, now) = (Walkers::new(), Instant::now());
        (0..=256).for_each(|walker| walkers.add(walker, Errand::Read, now));
        assert!(walkers.misled(0, || now).is_none() && walkers.misled(256, || now).is_some());
    }
}
