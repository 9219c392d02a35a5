use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::time::Duration;

use super::look::Look;
use super::plot::{Kind, Plot};

/// What the readers saw of one kind of plot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// Looks by path.
    pub(crate) looks: u64,
    /// Of several versions.
    pub(crate) mixed: u64,
    /// Not all of a version, or not with its length.
    pub(crate) cut: u64,
    /// Of nothing that was ever written.
    pub(crate) broken: u64,
    /// Without bytes.
    pub(crate) empty: u64,
    /// Without a name that is always there.
    pub(crate) absent: u64,
    /// Older than what was done before the look began.
    pub(crate) stale: u64,
    /// The longest time that such a one had been outdated.
    pub(crate) oldest: Duration,
    /// Older than what the same reader had seen already.
    pub(crate) backwards: u64,
    /// Pieces read through descriptors that stay open.
    pub(crate) pieces: u64,
    /// Pieces of another version, file or place than they must be.
    pub(crate) wrong_pieces: u64,
    /// Failed calls: by path or through a descriptor, by errno.
    pub(crate) errors: BTreeMap<(&'static str, i32), u64>,
}

impl Tally {
    /// Notes what was seen. `done` and `before` are the versions done, and seen by the same reader, before.
    pub(crate) fn note(&mut self, plot: &Plot, look: Look, done: u64, before: &mut u64, began: Duration) {
        self.looks += 1;
        match look {
            Look::Version(_) => {}
            Look::Mixed(_) => self.mixed += 1,
            Look::Cut(_) => self.cut += 1,
            Look::Broken => self.broken += 1,
            Look::Empty => self.empty += 1,
            Look::Absent => self.absent += 1,
        }
        let Some(low) = look.low() else { return };
        if low < done {
            self.stale += 1;
            self.oldest = self.oldest.max(plot.outdated_for(low, began));
        }
        self.backwards += u64::from(low < *before);
        *before = low.max(*before);
    }

    /// Notes a call that failed.
    pub(crate) fn fail(&mut self, what: &'static str, error: &io::Error) {
        *self.errors.entry((what, error.raw_os_error().unwrap_or(-1))).or_default() += 1;
    }

    /// Looks that show no version as a whole.
    pub(crate) fn mixes(&self) -> u64 {
        self.mixed + self.cut + self.broken + self.empty
    }

    fn merge(&mut self, other: Self) {
        self.looks += other.looks;
        self.mixed += other.mixed;
        self.cut += other.cut;
        self.broken += other.broken;
        self.empty += other.empty;
        self.absent += other.absent;
        self.stale += other.stale;
        self.oldest = self.oldest.max(other.oldest);
        self.backwards += other.backwards;
        self.pieces += other.pieces;
        self.wrong_pieces += other.wrong_pieces;
        for (error, count) in other.errors {
            *self.errors.entry(error).or_default() += count;
        }
    }
}

/// What was seen of each kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tallies(BTreeMap<Kind, Tally>);

impl Tallies {
    /// That of one kind.
    pub(crate) fn of(&mut self, kind: Kind) -> &mut Tally {
        self.0.entry(kind).or_default()
    }

    /// Each kind and its tally.
    pub(crate) fn each(&self) -> impl Iterator<Item = (Kind, &Tally)> {
        self.0.iter().map(|(kind, tally)| (*kind, tally))
    }

    /// The sum of something over the kinds that are chosen.
    pub(crate) fn sum(&self, chosen: impl Fn(Kind) -> bool, what: impl Fn(&Tally) -> u64) -> u64 {
        self.each().filter(|(kind, _)| chosen(*kind)).map(|(_, tally)| what(tally)).sum()
    }

    /// Calls that failed with one of these, by what they did.
    pub(crate) fn errors(&self, what: &str, codes: &[i32]) -> u64 {
        let all = self.0.values().flat_map(|tally| &tally.errors);
        all.filter(|((of, code), _)| *of == what && codes.contains(code)).map(|(_, count)| count).sum()
    }

    /// Adds those of another reader.
    pub(crate) fn merge(&mut self, other: Self) {
        for (kind, tally) in other.0 {
            self.of(kind).merge(tally);
        }
    }
}

impl fmt::Display for Tallies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (kind, tally) in self.each() {
            let kind = format!("{kind:?}");
            write!(f, "  {kind:<10} {:6} looks, {} pieces", tally.looks, tally.pieces)?;
            let counts = [
                ("mixed", tally.mixed),
                ("cut", tally.cut),
                ("broken", tally.broken),
                ("empty", tally.empty),
                ("absent", tally.absent),
                ("stale", tally.stale),
                ("backwards", tally.backwards),
                ("wrong pieces", tally.wrong_pieces),
            ];
            for (name, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
                write!(f, ", {count} {name}")?;
            }
            if tally.stale > 0 {
                write!(f, " (by {:.1?} at most)", tally.oldest)?;
            }
            let errors =
                if tally.errors.is_empty() { String::new() } else { format!(", errors {:?}", tally.errors) };
            writeln!(f, "{errors}")?;
        }
        Ok(())
    }
}
