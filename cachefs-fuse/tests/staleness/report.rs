use std::fmt;
use std::time::Duration;

use super::plot::Kind;
use super::readers::Seen;
use super::settle::Settled;
use super::tally::Tally;
use super::windows::Windows;

/// The number of an error as the kernel gives it.
const EIO: i32 = rustix::io::Errno::IO.raw_os_error();
const ESTALE: i32 = rustix::io::Errno::STALE.raw_os_error();

/// Words about what is wrong that are printed.
const DETAILS: usize = 20;

/// All that a run showed.
#[derive(Debug)]
pub(crate) struct Report {
    /// Changes made.
    pub(crate) changes: u64,
    /// How long they took to be seen.
    pub(crate) windows: Windows,
    /// What the readers saw.
    pub(crate) seen: Seen,
    /// How the end compares.
    pub(crate) settled: Settled,
    /// What the daemon counted.
    pub(crate) metrics: Vec<String>,
}

/// How many more of the looks at files that are written in place may be mixes than in the source. The goal is none,
/// asked for by `CACHEFS_STRICT_MIXES`: it is not reached in `watch` on a quiet machine, where some 0.2 % are measured.
const MIXES_MAX: f64 = 0.01;

impl Report {
    /// The load was one: else the rest proves nothing.
    pub(crate) fn assert_loaded(&self) {
        for (kind, tally) in self.seen.sides[0].each() {
            assert!(tally.looks > 20, "hardly looked at: {kind:?}");
        }
        assert!(self.changes > 1000 && self.windows.count() > 100, "hardly a load: {} changes", self.changes);
    }

    /// What holds in every mode, however stale: versions that replace each other by rename are never mixed, nothing is
    /// cut, broken, or missing that is always there.
    ///
    /// Where names are believed for a time, one may lead to a file that is gone for good. The kernel then looks again,
    /// once: if that one has been replaced as well by the time it is opened, the caller gets ESTALE, which is rare.
    pub(crate) fn assert_sound(&self) {
        let [mount, source] = &self.seen.sides;
        let replaced = |kind| kind == Kind::Replace;
        assert_eq!(source.sum(replaced, Tally::mixes), 0, "the check itself is wrong");
        assert_eq!(mount.sum(replaced, Tally::mixes), 0, "versions that replace each other were mixed");
        assert_eq!(mount.sum(|_| true, |tally| tally.wrong_pieces), 0, "wrong pieces");
        assert_eq!(source.sum(Kind::stays, |tally| tally.absent), 0, "the check itself is wrong");
        assert_eq!(
            mount.sum(Kind::stays, |tally| tally.absent),
            0,
            "names that are always there were missing"
        );
        assert_eq!(self.seen.wrong_listings, 0, "names missing in listings, or there twice");
        assert!(mount.errors("path", &[EIO, ESTALE]) * 1000 <= mount.sum(|_| true, |tally| tally.looks));
    }

    /// What holds where every change is told of or asked for: no reader goes back or meets more mixes
    /// than in the source, and the end is right.
    pub(crate) fn assert_fresh(&self) {
        self.assert_sound();
        let [mount, source] = &self.seen.sides;
        assert_eq!(mount.errors("path", &[EIO, ESTALE]), 0, "EIO or ESTALE by path");
        let (mean, error) = self.seen.slices.difference();
        let worse = self.seen.slices.mount_is_worse();
        println!("mixes above the source's: {worse}");
        if std::env::var_os("CACHEFS_STRICT_MIXES").is_some() {
            assert!(!worse, "mixes above the source's: {mean} with error {error}");
        }
        assert!(mean < MIXES_MAX, "mixes far above the source's: {mean} with error {error}");
        assert_eq!(source.sum(|_| true, |tally| tally.backwards), 0, "the check itself is wrong");
        assert_eq!(mount.sum(|_| true, |tally| tally.backwards), 0, "readers went back in time");
        assert_eq!(self.windows.unseen.values().sum::<u64>(), 0, "changes that were not seen");
        assert!(self.settled.last.is_empty(), "different in the end: {:#?}", self.settled.last);
    }

    /// No look that began after a change was finished by a close shows what was before.
    pub(crate) fn assert_close_to_open(&self) {
        let stale = self.seen.sides[0].sum(Kind::closes, |tally| tally.stale);
        assert_eq!(stale, 0, "stale after a close");
    }

    /// Looks through the mount that showed what was before.
    pub(crate) fn seen_stale(&self) -> u64 {
        self.seen.sides[0].sum(|_| true, |tally| tally.stale)
    }

    /// Changes are seen so soon.
    pub(crate) fn assert_soon(&self, most: Duration) {
        let high = self.windows.quantile(0.99);
        assert!(high <= most, "one change in a hundred was seen only after {high:?}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [mount, source] = &self.seen.sides;
        let looks = |side: &super::tally::Tallies| side.sum(|_| true, |tally| tally.looks);
        writeln!(f, "{} changes, {} looks, {} in the source", self.changes, looks(mount), looks(source))?;
        write!(f, "through the mount:\n{mount}in the source:\n{source}")?;
        let shares = [mount, source].map(|side| {
            let sum = |what: fn(&Tally) -> u64| side.sum(Kind::in_place, what) as f64;
            100.0 * sum(Tally::mixes) / sum(|tally| tally.looks)
        });
        let (mean, error) = self.seen.slices.difference();
        writeln!(
            f,
            "in place, mixes: {:.3} % of the looks, {:.3} % in the source; difference {:.3} % +- {:.3} %",
            shares[0],
            shares[1],
            mean * 100.0,
            error * 100.0
        )?;
        let descriptors = [EIO, ESTALE].map(|code| mount.errors("descriptor", &[code]));
        writeln!(f, "through old descriptors: {} EIO, {} ESTALE", descriptors[0], descriptors[1])?;
        writeln!(f, "listings: {}, wrong {}", self.seen.listings, self.seen.wrong_listings)?;
        write!(f, "{}", self.windows)?;
        let Settled { took, rounds, first, last } = &self.settled;
        let (first, last) = (first.len(), last.len());
        writeln!(f, "at the end: {first} differences, {last} left after {took:?} in {rounds} rounds")?;
        for detail in self.seen.details.iter().take(DETAILS) {
            writeln!(f, "wrong: {detail}")?;
        }
        self.metrics.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}
