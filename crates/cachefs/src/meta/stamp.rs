use super::Placed;
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
    /// What was under watch then.
    pub(crate) cover: Option<Cover>,
    /// Something happened to the name since that it was asked for by: what came with the answer is worth nothing.
    pub(crate) overtaken: bool,
}

impl Asked {
    /// What the attributes are worth that came with a name of which this became: others may change them by that name,
    /// and who does not know it does not know what they changed.
    pub(crate) fn by(self, placed: &Placed) -> Self {
        Self { cover: self.cover.filter(|_| placed.is_here), overtaken: placed.overtaken, ..self }
    }
}

/// The directory that a question was about was under watch, on this device: a nested mount in it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cover(pub(crate) u64);

/// When something that is known was asked for, and whether changes of it by others have been told of since. Small, for
/// there is one with everything that is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The stamp, and in the lowest bit whether it is covered.
    stamp: u64,
    at: Moment,
}

impl Seen {
    pub(crate) const fn new(asked: Asked, covered: bool) -> Self {
        Self { stamp: asked.stamp.0 << 1 | covered as u64, at: asked.at }
    }

    pub(crate) const fn stamp(self) -> Stamp {
        Stamp(self.stamp >> 1)
    }

    pub(crate) const fn at(self) -> Moment {
        self.at
    }

    pub(crate) const fn is_covered(self) -> bool {
        self.stamp & 1 == 1
    }

    /// As two numbers, for [`Self::from_words`].
    pub(super) const fn to_words(self) -> (u64, u64) {
        (self.stamp, self.at.0)
    }

    pub(super) const fn from_words(stamp: u64, at: u64) -> Self {
        Self { stamp, at: Moment(at) }
    }

    /// The same, less its cover.
    pub(crate) const fn uncovered(self) -> Self {
        Self { stamp: self.stamp & !1, at: self.at }
    }
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

    #[test]
    fn what_is_seen_keeps_stamp_time_and_cover() {
        let stamps = Stamps::default();
        let asked = Asked { stamp: stamps.next(), at: Moment(7), ..Asked::default() };
        for covered in [true, false] {
            let seen = Seen::new(asked, covered);
            assert_eq!((seen.stamp(), seen.at(), seen.is_covered()), (asked.stamp, asked.at, covered));
            assert_eq!(seen.uncovered(), Seen::new(asked, false));
        }
    }
}
