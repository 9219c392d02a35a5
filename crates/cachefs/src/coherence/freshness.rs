use std::time::Duration;

use super::{Changed, Coherence, Epochs};
use crate::meta::{Asked, Seen, Stamp, StampCell};
use crate::sync::{AtomicBool, Ordering};
use crate::time::When;

/// How long answers of the backing that nobody tells of are given again without asking.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ttls {
    pub(crate) attr: Duration,
    pub(crate) name: Duration,
    pub(crate) negative: Duration,
    pub(crate) listing: Duration,
}

/// What is known, as far as it may be known for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fact {
    /// Attributes that somebody asks for.
    Attr,
    /// The length and version a reader of an open file goes by.
    Reading,
    /// What a name stands for.
    Name,
    /// That it stands for nothing.
    Nothing,
    /// What is in a directory.
    Listing,
}

/// The one place that says whether what is known may still be answered without asking. Takes no lock.
#[derive(Debug)]
pub(crate) struct Freshness {
    /// Of what no watch covers.
    lifetimes: Lifetimes,
    /// Nobody else changes anything.
    single: bool,
    /// What was asked for before this, by the watch's doing, is not proven any more.
    proven: StampCell,
    /// There is no watch any more. Set before `proven` is raised for it.
    lost: AtomicBool,
    /// What others changed when, where that is told.
    epochs: Option<Epochs>,
}

#[derive(Clone, Copy, Debug)]
struct Lifetimes {
    ttls: Ttls,
    reading: Duration,
}

impl Lifetimes {
    /// Close-to-open.
    const OPEN: Self = Self {
        ttls: Ttls {
            attr: Duration::ZERO,
            name: Duration::ZERO,
            negative: Duration::ZERO,
            listing: Duration::ZERO,
        },
        reading: Duration::from_secs(1),
    };

    const fn of(&self, fact: Fact) -> Duration {
        match fact {
            Fact::Attr => self.ttls.attr,
            Fact::Reading => self.reading,
            Fact::Name => self.ttls.name,
            Fact::Nothing => self.ttls.negative,
            Fact::Listing => self.ttls.listing,
        }
    }
}

impl Freshness {
    pub(crate) fn new(mode: Coherence, ttls: Ttls) -> Self {
        let lifetimes = match mode {
            Coherence::Open => Lifetimes::OPEN,
            _ => Lifetimes { ttls, reading: ttls.attr },
        };
        Self {
            lifetimes,
            single: mode == Coherence::Single,
            proven: StampCell::default(),
            lost: AtomicBool::new(false),
            epochs: matches!(mode, Coherence::Watch(_)).then(Epochs::new),
        }
    }

    /// Whether what was seen then may be answered now.
    #[inline]
    pub(crate) fn holds(&self, fact: Fact, seen: Seen, now: impl When) -> bool {
        if seen.stamp() < self.proven.get() {
            return false;
        }
        seen.is_covered() || now.moment().since(seen.at()) < self.lifetime(fact)
    }

    /// Whether all changes by others since then were told of.
    pub(crate) fn is_proven(&self, seen: Seen) -> bool {
        seen.is_covered() && seen.stamp() >= self.proven.get()
    }

    /// An answer to this question, which a watch covers or does not.
    pub(crate) fn seen(&self, asked: Asked, covered: bool) -> Seen {
        Seen::new(asked, self.single || (covered && !self.is_lost()))
    }

    /// How long what nobody tells of holds.
    pub(crate) fn lifetime(&self, fact: Fact) -> Duration {
        if self.is_lost() { Lifetimes::OPEN.of(fact) } else { self.lifetimes.of(fact) }
    }

    /// Notices were lost: nothing asked for before holds, and no cover from before is one. `stamp` is called twice:
    /// whoever asked between the first time and its being seen took an old cover for a good one.
    pub(crate) fn doubt(&self, stamp: impl Fn() -> Stamp) {
        self.proven.raise(stamp());
        self.proven.raise(stamp());
    }

    /// Since when all is told. To be asked for after the stamp was taken that it is compared with.
    pub(crate) fn proven(&self) -> Stamp {
        self.proven.get()
    }

    /// Nothing is told of any more. `stamp` is called when that is marked, so that nothing asked for from there on is
    /// taken for covered, and nothing asked for before for proven.
    pub(crate) fn lose(&self, stamp: impl FnOnce() -> Stamp) {
        self.lost.store(true, Ordering::SeqCst);
        self.proven.raise(stamp());
    }

    /// Whether there are no others.
    pub(crate) fn is_single(&self) -> bool {
        self.single
    }

    /// Whether changes by others are, or were, told of.
    pub(crate) fn is_watched(&self) -> bool {
        self.epochs.is_some()
    }

    /// Others changed this. To be called before what is known of it is forgotten.
    pub(crate) fn raise(&self, what: Changed<'_>, stamp: Stamp) {
        self.epochs.iter().for_each(|epochs| epochs.raise(what, stamp));
    }

    /// When others changed this last, as far as is told. To be asked under the lock that whoever forgets it takes.
    pub(crate) fn told(&self, what: Changed<'_>) -> Stamp {
        self.epochs.as_ref().map_or_else(Stamp::default, |epochs| epochs.get(what))
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
impl Freshness {
    /// All lifetimes are this.
    pub(crate) fn ttl(ttl: Duration) -> Self {
        let ttls = Ttls { attr: ttl, name: ttl, negative: ttl, listing: ttl };
        Self::new(Coherence::Ttl(ttl), ttls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::Stamps;
    use crate::time::Moment;

    const SECOND: Duration = Duration::from_secs(1);
    const NOW: Moment = Moment(10_000_000_000);
    const FACTS: [Fact; 5] = [Fact::Attr, Fact::Reading, Fact::Name, Fact::Nothing, Fact::Listing];

    fn of(mode: Coherence) -> Freshness {
        Freshness::new(mode, Ttls { attr: SECOND, name: SECOND, negative: SECOND, listing: SECOND })
    }

    fn asked(stamps: &Stamps) -> Asked {
        Asked { stamp: stamps.now(), at: NOW, ..Asked::default() }
    }

    #[test]
    fn what_is_covered_holds_until_notices_are_lost() {
        let (freshness, stamps) = (of(Coherence::Watch(Default::default())), Stamps::default());
        let covered = freshness.seen(asked(&stamps), true);
        let later = NOW.plus(1000 * SECOND);
        assert!(FACTS.iter().all(|&fact| freshness.holds(fact, covered, later)));
        freshness.doubt(|| stamps.next());
        assert!(FACTS.iter().all(|&fact| !freshness.holds(fact, covered, NOW)));
        let again = freshness.seen(asked(&stamps), true);
        assert!(FACTS.iter().all(|&fact| freshness.holds(fact, again, later)));
        assert!(freshness.is_proven(again) && !freshness.is_proven(covered));
    }

    #[test]
    fn what_is_not_covered_has_a_lifetime_and_none_after_the_loss() {
        let (freshness, stamps) = (of(Coherence::Watch(Default::default())), Stamps::default());
        let seen = freshness.seen(asked(&stamps), false);
        let almost = NOW.plus(SECOND - Duration::from_nanos(1));
        assert!(freshness.holds(Fact::Name, seen, almost));
        assert!(!freshness.holds(Fact::Name, seen, NOW.plus(SECOND)));
        freshness.lose(|| stamps.next());
        let seen = freshness.seen(asked(&stamps), true);
        assert!(!seen.is_covered(), "by what?");
        assert!(!freshness.holds(Fact::Attr, seen, NOW) && freshness.holds(Fact::Reading, seen, almost));
    }

    #[test]
    fn alone_everything_holds_and_close_to_open_nothing_but_a_reader_s_view() {
        let stamps = Stamps::default();
        let (single, open) = (of(Coherence::Single), of(Coherence::Open));
        let (alone, asked) = (single.seen(asked(&stamps), false), open.seen(asked(&stamps), false));
        assert!(FACTS.iter().all(|&fact| single.holds(fact, alone, NOW.plus(Duration::MAX))));
        for fact in FACTS {
            assert_eq!(open.holds(fact, asked, NOW), fact == Fact::Reading);
        }
        assert!(!open.holds(Fact::Reading, asked, NOW.plus(SECOND)));
    }
}
