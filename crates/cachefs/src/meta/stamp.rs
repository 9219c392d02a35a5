use crate::sync::{AtomicU64, Ordering};
use crate::time::Moment;

/// A count of our own changes. What was asked of the backing at one stamp is cached only where nothing was changed at
/// a later one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stamp(u64);

impl Stamp {
    /// As a number that no other change has.
    pub(crate) const fn number(self) -> u64 {
        self.0
    }
}

/// Gives out stamps. One for all inodes, so that an answer can be judged whose inode was not known when it was asked
/// for.
#[derive(Debug, Default)]
pub(crate) struct Stamps(AtomicU64);

impl Stamps {
    /// The latest one given out. To be taken before the backing is asked.
    pub(crate) fn now(&self) -> Stamp {
        Stamp(self.0.load(Ordering::SeqCst))
    }

    /// A new one, for a change.
    pub(crate) fn next(&self) -> Stamp {
        Stamp(self.0.fetch_add(1, Ordering::SeqCst) + 1)
    }
}

/// A place for a stamp that only grows.
#[derive(Debug, Default)]
pub(crate) struct StampCell(AtomicU64);

impl StampCell {
    pub(crate) const fn new(stamp: Stamp) -> Self {
        Self(AtomicU64::new(stamp.0))
    }

    pub(crate) fn get(&self) -> Stamp {
        Stamp(self.0.load(Ordering::SeqCst))
    }

    /// Sets it, unless it is later already. True if it was `from` just before.
    pub(crate) fn advance(&self, from: Stamp, to: Stamp) -> bool {
        let alone = self.0.compare_exchange(from.0, to.0, Ordering::SeqCst, Ordering::SeqCst).is_ok();
        if !alone {
            self.raise(to);
        }
        alone
    }

    /// Sets it, unless it is later already.
    pub(crate) fn raise(&self, stamp: Stamp) {
        self.0.fetch_max(stamp.0, Ordering::SeqCst);
    }
}

/// When the backing was asked: what an answer is worth depends on what happened since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The changes known of then.
    pub(crate) stamp: Stamp,
    /// The time then: the lifetime of the answer begins here, not when it arrives.
    pub(crate) at: Moment,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_after_the_question_is_later_than_it() {
        let stamps = Stamps::default();
        let asked = stamps.now();
        let change = stamps.next();
        assert!(change > asked);
        assert!(change <= stamps.now());
        let cell = StampCell::new(change);
        cell.raise(asked);
        assert_eq!(cell.get(), change);
    }
}
