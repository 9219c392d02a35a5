//! Failures that are found out after the call they belong to has returned, and who is told of them.
//!
//! A filesystem that writes back later tells of what failed at the next write or sync: each open file that was there
//! when it happened, once each; one that was opened since only if nobody had been told before. What an open file is
//! only whoever serves programs knows, for those between open and close handles as they like. He keeps a [`Listener`]
//! for each, and runs verbs in its [`Listener::scope`]; a handle that is used outside of any stands for itself.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// Counts what happens here: who opens, what fails, who is told. Only the order matters.
static TICKS: AtomicU64 = AtomicU64::new(1);

fn tick() -> u64 {
    TICKS.fetch_add(1, Ordering::SeqCst) + 1
}

thread_local! {
    static SPEAKING_TO: RefCell<Option<Listener>> = const { RefCell::new(None) };
}

/// An open file of a program, as far as being told is concerned. Clones are the same one. To make one allocates nothing;
/// the first clone, or scope, does.
#[derive(Debug)]
pub struct Listener {
    opened: u64,
    /// The last failure it was told of.
    last: OnceLock<Arc<AtomicU64>>,
}

impl Listener {
    /// When nobody opened it.
    const DEAF: u64 = 0;

    /// One that is opened now.
    #[must_use]
    pub fn new() -> Self {
        Self { opened: TICKS.load(Ordering::SeqCst), last: OnceLock::new() }
    }

    /// One that is told of nothing: what asks does so for nobody who could be told.
    #[must_use]
    pub const fn deaf() -> Self {
        Self { opened: Self::DEAF, last: OnceLock::new() }
    }

    fn last(&self) -> &Arc<AtomicU64> {
        self.last.get_or_init(Arc::default)
    }

    /// Whether what happened at this tick, and somebody was told of first then, is news to it.
    fn hears(&self, at: u64, told: Option<u64>) -> bool {
        self.opened != Self::DEAF
            && told.is_none_or(|told| self.opened < told)
            && self.last().fetch_max(at, Ordering::SeqCst) < at
    }

    /// Runs `verbs`: what they are told on this thread, it is told, unless they run in the scope of another one.
    pub fn scope<T>(&self, verbs: impl FnOnce() -> T) -> T {
        struct Restore;
        impl Drop for Restore {
            fn drop(&mut self) {
                SPEAKING_TO.set(None);
            }
        }
        if Self::current().is_some() {
            return verbs();
        }
        SPEAKING_TO.set(Some(self.clone()));
        let _restore = Restore;
        verbs()
    }

    /// Whose scope this is.
    #[must_use]
    pub fn current() -> Option<Self> {
        SPEAKING_TO.with_borrow(Clone::clone)
    }
}

impl Clone for Listener {
    fn clone(&self) -> Self {
        Self { opened: self.opened, last: OnceLock::from(Arc::clone(self.last())) }
    }
}

impl Default for Listener {
    fn default() -> Self {
        Self::new()
    }
}

/// A failure of one file that is to be told.
#[derive(Debug)]
pub struct Failure {
    at: u64,
    /// When somebody was told for the first time.
    told: Option<u64>,
}

impl Failure {
    /// It happens now.
    #[must_use]
    pub fn new() -> Self {
        Self { at: tick(), told: None }
    }

    /// Whether somebody was told.
    #[must_use]
    pub fn is_told(&self) -> bool {
        self.told.is_some()
    }

    /// Whether a listener to this file (the one in whose scope this is, else `own`) is to be told; it counts as told
    /// from then on.
    pub fn tell(&mut self, own: &Listener) -> bool {
        let listener = Listener::current();
        let news = listener.as_ref().unwrap_or(own).hears(self.at, self.told);
        if news && self.told.is_none() {
            self.told = Some(tick());
        }
        news
    }
}

impl Default for Failure {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_who_were_there_are_told_once_each() {
        let (one, two) = (Listener::new(), Listener::new());
        let mut failure = Failure::new();
        let late = Listener::new();
        assert!(!failure.tell(&Listener::deaf()) && !failure.is_told());
        assert!(failure.tell(&one) && !failure.tell(&one) && failure.is_told());
        assert!(!failure.tell(&Listener::new()), "somebody knew when it was opened");
        assert!(failure.tell(&two) && !failure.tell(&two));
        assert!(failure.tell(&late), "nobody knew when it was opened");
        assert!(Failure::new().tell(&one), "another one");
    }

    #[test]
    fn who_is_opened_later_is_told_if_nobody_was() {
        let mut failure = Failure::new();
        let late = Listener::new();
        assert!(failure.tell(&late) && !failure.tell(&late));
    }

    #[test]
    fn the_outermost_scope_is_who_is_told() {
        let (outer, inner) = (Listener::new(), Listener::new());
        let mut failure = Failure::new();
        assert!(outer.scope(|| inner.scope(|| failure.tell(&Listener::new()))));
        assert!(!failure.tell(&outer) && failure.tell(&inner));
        assert!(Listener::current().is_none(), "a scope ends");
        let _ = std::panic::catch_unwind(|| outer.scope(|| panic!("inside")));
        assert!(Listener::current().is_none(), "also when it panics");
    }
}
