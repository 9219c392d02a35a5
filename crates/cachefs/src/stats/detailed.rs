use std::time::Duration;

use super::{BackingVerb, Snapshot};
use crate::Usage;

/// Everything a cache can tell of itself at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetailedStats {
    /// What happened.
    pub stats: Snapshot,
    /// What is held.
    pub usage: Usage,
    /// How long calls to the backing took, by verb; those never called are missing.
    pub latencies: Vec<Latency>,
}

/// How long calls of one kind took. Quantiles are at most 1/16 too high and never too low.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latency {
    /// Which.
    pub verb: BackingVerb,
    /// How many there were, errors included.
    pub calls: u64,
    /// What half of them did not exceed.
    pub p50: Duration,
    /// What 95 of 100 did not exceed.
    pub p95: Duration,
    /// What 99 of 100 did not exceed.
    pub p99: Duration,
    /// The longest.
    pub max: Duration,
}

impl Snapshot {
    /// How long calls to the backing took, by verb; those never called are missing.
    #[must_use]
    pub fn latencies(&self) -> Vec<Latency> {
        let of = |&verb: &BackingVerb| {
            let spread = self.latency(verb)?;
            let [p50, p95, p99] = [0.5, 0.95, 0.99].map(|share| Duration::from_nanos(spread.quantile(share)));
            let max = Duration::from_nanos(spread.max());
            Some(Latency { verb, calls: spread.count(), p50, p95, p99, max })
        };
        BackingVerb::ALL.iter().filter_map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Stats;

    #[test]
    fn quantiles_are_those_of_the_calls() {
        let stats = Stats::new();
        for millis in 1..=100 {
            stats.count_backing(BackingVerb::Read, Duration::from_millis(millis), false);
        }
        let [read]: [Latency; 1] = stats.snapshot().latencies().try_into().expect("only reads");
        assert_eq!((read.verb, read.calls, read.max), (BackingVerb::Read, 100, Duration::from_millis(100)));
        for (found, exact) in [(read.p50, 50), (read.p95, 95), (read.p99, 99)] {
            let exact = Duration::from_millis(exact);
            assert!(found >= exact && found <= exact + exact / 16, "{found:?} is not {exact:?}");
        }
    }
}
