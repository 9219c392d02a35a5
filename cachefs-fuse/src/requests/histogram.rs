use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Sub-buckets per power of two: a quantile is off by at most an eighth.
const STEPS: usize = 8;
/// Powers of two above 1 us that are told apart: up to about half an hour.
const POWERS: usize = 32;
const BUCKETS: usize = STEPS * POWERS;

/// Counts of durations in buckets that grow with the value.
#[derive(Debug)]
pub(crate) struct Histogram {
    counts: Box<[AtomicU64]>,
    sum_ns: AtomicU64,
}

impl Histogram {
    pub(crate) fn new() -> Self {
        Self { counts: (0..BUCKETS).map(|_| AtomicU64::new(0)).collect(), sum_ns: AtomicU64::new(0) }
    }

    pub(crate) fn record(&self, value: Duration) {
        let ns = u64::try_from(value.as_nanos()).unwrap_or(u64::MAX);
        self.counts[bucket_of(ns)].fetch_add(1, Ordering::Relaxed);
        self.sum_ns.fetch_add(ns, Ordering::Relaxed);
    }

    pub(crate) fn snapshot(&self) -> HistogramSnapshot {
        let mut count = 0;
        let mut buckets = Vec::new();
        for (index, cell) in self.counts.iter().enumerate() {
            let here = cell.load(Ordering::Relaxed);
            if here > 0 {
                count += here;
                buckets.push((upper_bound(index), here));
            }
        }
        HistogramSnapshot { buckets, count, sum: Duration::from_nanos(self.sum_ns.load(Ordering::Relaxed)) }
    }
}

/// What a histogram held at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistogramSnapshot {
    /// For each bucket that is not empty, in ascending order: its upper bound and how many values lie in it (not
    /// cumulated).
    pub buckets: Vec<(Duration, u64)>,
    /// How many values there are.
    pub count: u64,
    /// Their sum.
    pub sum: Duration,
}

impl HistogramSnapshot {
    /// The upper bound of the bucket in which the quantile lies (0.0 to 1.0), `None` without values.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a rank among counts far below 2^52"
    )]
    pub fn quantile(&self, quantile: f64) -> Option<Duration> {
        let rank = (quantile.clamp(0.0, 1.0) * self.count as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        self.buckets.iter().find_map(|&(upper, count)| {
            seen += count;
            (seen >= rank).then_some(upper)
        })
    }
}

/// Values below `STEPS` units of 1/8 us share the linear first power.
fn bucket_of(ns: u64) -> usize {
    let unit = ns / 125;
    let steps = STEPS as u64;
    if unit < steps {
        return usize::try_from(unit).unwrap_or(0);
    }
    let power = unit.ilog2() - steps.ilog2();
    let step = (unit >> power) - steps;
    let index = (u64::from(power) + 1) * steps + step;
    usize::try_from(index).unwrap_or(BUCKETS).min(BUCKETS - 1)
}

fn upper_bound(index: usize) -> Duration {
    let (power, step) = (index / STEPS, (index % STEPS) as u64);
    let units = match power {
        0 => step + 1,
        _ => (STEPS as u64 + step + 1) << (power - 1),
    };
    Duration::from_nanos(units * 125)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_below_its_bound_by_at_most_an_eighth() {
        let mut ns = 1_u64;
        while ns < 1_800_000_000_000 {
            let bound = u64::try_from(upper_bound(bucket_of(ns)).as_nanos()).unwrap();
            assert!(ns < bound, "{ns} is not below {bound}");
            assert!(bound <= ns + ns / 8 + 125, "{bound} is too far above {ns}");
            ns = ns * 9 / 8 + 1;
        }
    }

    #[test]
    fn quantiles_come_from_the_counts() {
        let histogram = Histogram::new();
        for _ in 0..99 {
            histogram.record(Duration::from_micros(10));
        }
        histogram.record(Duration::from_millis(10));
        let snapshot = histogram.snapshot();
        assert_eq!(snapshot.count, 100);
        assert!(snapshot.quantile(0.5) < Some(Duration::from_micros(12)));
        assert!(snapshot.quantile(1.0) > Some(Duration::from_millis(9)));
        assert_eq!(HistogramSnapshot::default().quantile(0.5), None);
    }
}
