use super::{BackingVerb, Counter, HistogramSnapshot};

/// The statistics of one moment, or (from [`Self::since`]) of the time between two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    counters: [u64; Counter::COUNT],
    calls: [u64; BackingVerb::COUNT],
    errors: [u64; BackingVerb::COUNT],
    latencies: Vec<Option<HistogramSnapshot>>,
}

/// One number with the name and labels it is published under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// The name; series of one name differ in labels.
    pub name: &'static str,
    /// Labels and their values.
    pub labels: Vec<(&'static str, &'static str)>,
    /// What it means.
    pub help: &'static str,
    /// The number.
    pub value: u64,
}

impl Snapshot {
    pub(super) fn new(
        counters: [u64; Counter::COUNT],
        calls: [u64; BackingVerb::COUNT],
        errors: [u64; BackingVerb::COUNT],
        latencies: Vec<Option<HistogramSnapshot>>,
    ) -> Self {
        Self { counters, calls, errors, latencies }
    }

    /// The value of a counter.
    #[must_use]
    pub fn get(&self, counter: Counter) -> u64 {
        self.counters[counter.index()]
    }

    /// How many calls of this kind the backing answered, errors included.
    #[must_use]
    pub fn calls(&self, verb: BackingVerb) -> u64 {
        self.calls[verb.index()]
    }

    /// How many of them it answered with an error.
    #[must_use]
    pub fn errors(&self, verb: BackingVerb) -> u64 {
        self.errors[verb.index()]
    }

    /// How many calls of any kind the backing answered.
    #[must_use]
    pub fn calls_total(&self) -> u64 {
        self.calls.iter().sum()
    }

    /// How many nanoseconds calls of this kind took; `None` if there never was one.
    #[must_use]
    pub fn latency(&self, verb: BackingVerb) -> Option<&HistogramSnapshot> {
        self.latencies[verb.index()].as_ref()
    }

    /// Which share (0 to 1) of the blocks asked for was answered from memory; `None` if none was asked for. Blocks
    /// that waited for another's load count as missed.
    #[must_use]
    pub fn hit_ratio(&self) -> Option<f64> {
        let hits = self.get(Counter::DataHit);
        ratio(
            hits,
            self.get(Counter::DataMiss) + self.get(Counter::Coalesced) + self.get(Counter::DataBypass),
        )
    }

    /// Which share (0 to 1) of the bytes read was answered from memory; `None` if none was read.
    #[must_use]
    pub fn byte_hit_ratio(&self) -> Option<f64> {
        let hits = self.get(Counter::HitBytes);
        ratio(hits, self.get(Counter::MissBytes) + self.get(Counter::BypassBytes))
    }

    /// What happened since `earlier`, a snapshot of the same statistics.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let latencies = self.latencies.iter().zip(&earlier.latencies).map(|pair| match pair {
            (Some(now), Some(then)) => Some(now.since(then)),
            (now, _) => now.clone(),
        });
        Self {
            counters: std::array::from_fn(|index| {
                self.counters[index].saturating_sub(earlier.counters[index])
            }),
            calls: std::array::from_fn(|index| self.calls[index].saturating_sub(earlier.calls[index])),
            errors: std::array::from_fn(|index| self.errors[index].saturating_sub(earlier.errors[index])),
            latencies: latencies.collect(),
        }
    }

    /// Every counter with its name, those of one name together.
    pub fn series(&self) -> impl Iterator<Item = Series> + '_ {
        let counters = Counter::ALL.iter().map(|&counter| Series {
            name: counter.name(),
            labels: counter.labels().to_vec(),
            help: counter.help(),
            value: self.get(counter),
        });
        let calls = BackingVerb::ALL.iter().flat_map(|&verb| {
            let failed = self.errors(verb);
            let good = self.calls(verb).saturating_sub(failed);
            [("ok", good), ("error", failed)].map(|(result, value)| Series {
                name: "backend_ops_total",
                labels: vec![("op", verb.name()), ("result", result)],
                help: "Calls to the backing.",
                value,
            })
        });
        counters.chain(calls)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a ratio needs no more than 53 bits")]
fn ratio(part: u64, rest: u64) -> Option<f64> {
    let total = part + rest;
    (total > 0).then(|| part as f64 / total as f64)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::stats::{MissReason, Stats};

    #[test]
    fn a_difference_holds_what_happened_between() {
        let stats = Stats::new();
        stats.count(Counter::DataHit);
        stats.count_backing(BackingVerb::Read, Duration::from_micros(5), false);
        let before = stats.snapshot();
        stats.add(Counter::DataHit, 3);
        stats.count_miss(MissReason::Evicted);
        stats.count_backing(BackingVerb::Read, Duration::from_micros(50), true);
        let between = stats.snapshot().since(&before);
        assert_eq!((between.get(Counter::DataHit), between.get(Counter::MissEvicted)), (3, 1));
        assert_eq!((between.calls(BackingVerb::Read), between.errors(BackingVerb::Read)), (1, 1));
        assert_eq!(between.latency(BackingVerb::Read).map(HistogramSnapshot::count), Some(1));
        assert_eq!(between.latency(BackingVerb::Write), None);
        assert_eq!(between.hit_ratio(), Some(0.75));
        assert_eq!(between.byte_hit_ratio(), None);
    }

    #[test]
    fn every_number_is_in_the_series_once() {
        let stats = Stats::new();
        Counter::ALL.iter().for_each(|&counter| stats.count(counter));
        for &verb in BackingVerb::ALL {
            stats.count_backing(verb, Duration::ZERO, false);
            stats.count_backing(verb, Duration::ZERO, true);
        }
        let series: Vec<Series> = stats.snapshot().series().collect();
        assert_eq!(series.len(), Counter::COUNT + 2 * BackingVerb::COUNT);
        assert!(series.iter().all(|series| series.value == 1));
    }
}
