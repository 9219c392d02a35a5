use super::Stamp;
use crate::sync::{AtomicU64, Ordering};

/// Since when the backing's watch covers an inode itself: its attributes and bytes, or its names.
///
/// A number: 0 if nobody asked for it yet; odd, and above that bit the stamp, if it is covered since then; even likewise
/// if that ended then; the greatest one if the watch refuses to.
#[derive(Debug, Default)]
pub(crate) struct Watched(AtomicU64);

/// What a [`Watched`] was, to tell whether it is still that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WatchedMark(u64);

const REFUSED: u64 = u64::MAX;

impl Watched {
    /// Whether it was covered when the stamp was taken, and notices were lost last before that.
    pub(super) fn is_covered_at(&self, stamp: Stamp, proven: Stamp) -> bool {
        self.since().is_some_and(|since| since <= stamp.number() && since >= proven.number())
    }

    /// Whether the watch is to be asked: nobody did, or what it said was before notices were lost.
    pub(super) fn is_unknown(&self, proven: Stamp) -> bool {
        let is_refused = self.0.load(Ordering::SeqCst) == REFUSED;
        !is_refused && self.since().is_none_or(|since| since < proven.number())
    }

    /// To be taken before the watch is asked.
    pub(super) fn mark(&self) -> WatchedMark {
        WatchedMark(self.0.load(Ordering::SeqCst))
    }

    /// It is covered, unless that ended, or somebody else found out, since the mark.
    pub(super) fn cover(&self, mark: WatchedMark, since: Stamp) {
        // Whoever comes too late is no loss: nobody relies on him.
        let _ = self.0.compare_exchange(mark.0, since.number() << 1 | 1, Ordering::SeqCst, Ordering::SeqCst);
    }

    pub(super) fn refuse(&self) {
        self.0.store(REFUSED, Ordering::SeqCst);
    }

    /// It is not what was covered any more.
    pub(super) fn end(&self, stamp: Stamp) {
        self.0.store(stamp.number() << 1, Ordering::SeqCst);
    }

    fn since(&self) -> Option<u64> {
        let now = self.0.load(Ordering::SeqCst);
        (now & 1 == 1 && now != REFUSED).then_some(now >> 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::Stamps;

    #[test]
    fn a_cover_holds_from_then_on_until_notices_are_lost() {
        let (watched, stamps, never) = (Watched::default(), Stamps::default(), Stamp::default());
        assert!(watched.is_unknown(never));
        let before = stamps.next();
        watched.cover(watched.mark(), stamps.next());
        assert!(!watched.is_unknown(never) && !watched.is_covered_at(before, never));
        assert!(watched.is_covered_at(stamps.now(), never));
        let lost = stamps.next();
        assert!(watched.is_unknown(lost) && !watched.is_covered_at(stamps.now(), lost));
        watched.cover(watched.mark(), stamps.next());
        assert!(watched.is_covered_at(stamps.now(), lost), "asked for again");
    }

    #[test]
    fn an_answer_of_the_watch_that_comes_too_late_covers_nothing() {
        let (watched, stamps, never) = (Watched::default(), Stamps::default(), Stamp::default());
        let mark = watched.mark();
        watched.end(stamps.next());
        watched.cover(mark, stamps.next());
        assert!(watched.is_unknown(never));
        watched.refuse();
        assert!(!watched.is_unknown(never) && !watched.is_covered_at(stamps.now(), never));
    }
}
