use std::time::Duration;

use crate::sync::{AtomicU64, Ordering};

/// Each power of two is cut into this many buckets of equal width.
const STEPS: u64 = 1 << STEP_BITS;
const STEP_BITS: u32 = 4;

/// Values below [`STEPS`] one by one, then [`STEPS`] buckets for each power of two up to `u64::MAX`.
const BUCKETS: usize = (64 - STEP_BITS as usize + 1) << STEP_BITS;

/// How often which values occurred: 976 buckets, exact below 16, at most 1/16 wide in relation to their value above.
/// 8 KiB, whatever is recorded. Recording is three relaxed additions on shared memory: for what takes microseconds
/// anyway.
#[derive(Debug)]
pub struct Histogram {
    buckets: Box<[AtomicU64]>,
    sum: AtomicU64,
    max: AtomicU64,
}

impl Histogram {
    /// Without values.
    #[must_use]
    pub fn new() -> Self {
        let buckets = (0..BUCKETS).map(|_| AtomicU64::new(0)).collect();
        Self { buckets, sum: AtomicU64::new(0), max: AtomicU64::new(0) }
    }

    /// Counts one value; durations are given in nanoseconds.
    pub fn record(&self, value: u64) {
        self.buckets[bucket(value)].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
        self.max.fetch_max(value, Ordering::Relaxed);
    }

    /// Counts one duration.
    pub fn record_duration(&self, duration: Duration) {
        self.record(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    }

    /// What was recorded up to now; values recorded meanwhile may be in it in part.
    #[must_use]
    pub fn snapshot(&self) -> HistogramSnapshot {
        HistogramSnapshot {
            buckets: self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).collect(),
            sum: self.sum.load(Ordering::Relaxed),
            max: self.max.load(Ordering::Relaxed),
        }
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

fn bucket(value: u64) -> usize {
    if value < STEPS {
        return usize::try_from(value).unwrap_or(0);
    }
    let shift = value.ilog2() - STEP_BITS;
    let step = (value >> shift) - STEPS;
    usize::try_from((u64::from(shift) + 1) * STEPS + step).unwrap_or(BUCKETS - 1)
}

/// The lowest and the highest value of a bucket.
fn bounds(bucket: usize) -> (u64, u64) {
    let bucket = bucket as u64;
    if bucket < STEPS {
        return (bucket, bucket);
    }
    let shift = bucket / STEPS - 1;
    let low = (STEPS + bucket % STEPS) << shift;
    (low, low + ((1 << shift) - 1))
}

/// A [`Histogram`] as it was at one moment. Can be added up and subtracted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistogramSnapshot {
    buckets: Box<[u64]>,
    sum: u64,
    max: u64,
}

impl HistogramSnapshot {
    /// Without values.
    #[must_use]
    pub fn empty() -> Self {
        Self { buckets: vec![0; BUCKETS].into(), sum: 0, max: 0 }
    }

    /// How many values were recorded.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// The sum of all values (modulo 2^64).
    #[must_use]
    pub fn sum(&self) -> u64 {
        self.sum
    }

    /// The greatest value ever recorded, exactly; 0 if there was none.
    #[must_use]
    pub fn max(&self) -> u64 {
        self.max
    }

    /// A value that at least this share (0 to 1) of all values do not exceed, at most 1/16 too high and never too
    /// low; 0 if there are none.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a rank beyond 2^53 may be off by one")]
    pub fn quantile(&self, share: f64) -> u64 {
        let wanted = share.clamp(0.0, 1.0) * self.count() as f64;
        let mut seen = 0;
        for (bucket, &count) in self.buckets.iter().enumerate() {
            seen += count;
            if count > 0 && seen as f64 >= wanted {
                return bounds(bucket).1.min(self.max);
            }
        }
        0
    }

    /// How many values are at most `limit`; those in the limit's own bucket count only if all of it is.
    #[must_use]
    pub fn count_up_to(&self, limit: u64) -> u64 {
        let whole = self.buckets.iter().enumerate().take_while(|&(bucket, _)| bounds(bucket).1 <= limit);
        whole.map(|(_, &count)| count).sum()
    }

    /// Adds the values of another one.
    pub fn merge(&mut self, other: &Self) {
        for (own, &count) in self.buckets.iter_mut().zip(&other.buckets) {
            *own += count;
        }
        self.sum = self.sum.wrapping_add(other.sum);
        self.max = self.max.max(other.max);
    }

    /// The values recorded since `earlier`, a snapshot of the same histogram. The maximum stays that of all time.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let pairs = self.buckets.iter().zip(&earlier.buckets);
        Self {
            buckets: pairs.map(|(&now, &then)| now.saturating_sub(then)).collect(),
            sum: self.sum.wrapping_sub(earlier.sum),
            max: self.max,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples() -> impl Iterator<Item = u64> {
        (0..64).flat_map(|power| {
            let base = 1_u64 << power;
            [base - 1, base, base + base / 3, base + (base - 1)]
        })
    }

    #[test]
    fn each_value_lies_in_its_bucket_and_the_bucket_is_narrow() {
        for value in samples().chain([u64::MAX]) {
            let (low, high) = bounds(bucket(value));
            assert!(low <= value && value <= high, "{value}: {low}..={high}");
            assert!(high - low <= value / STEPS, "{value}: {low}..={high}");
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn buckets_leave_no_gap() {
        for bucket in 1..BUCKETS {
            assert_eq!(bounds(bucket).0, bounds(bucket - 1).1 + 1);
        }
    }

    #[test]
    fn quantiles_are_near_the_true_ones_and_never_below() {
        let histogram = Histogram::new();
        let mut values: Vec<u64> = (0..10_000_u64).map(|number| (number * 7919) % 1_000_003).collect();
        values.iter().for_each(|&value| histogram.record(value));
        values.sort_unstable();
        let snapshot = histogram.snapshot();
        for (share, rank) in
            [(0.0, 1), (0.5, 5_000), (0.9, 9_000), (0.99, 9_900), (0.999, 9_990), (1.0, 10_000)]
        {
            let (exact, found) = (values[rank - 1], snapshot.quantile(share));
            assert!(found >= exact && found - exact <= exact / STEPS, "{share}: {exact} {found}");
        }
        assert_eq!(snapshot.sum(), values.iter().sum::<u64>());
        assert_eq!(snapshot.max(), values[9_999]);
        assert_eq!(snapshot.count_up_to(u64::MAX), 10_000);
    }

    #[test]
    fn parts_add_up_to_the_whole() {
        let (whole, part) = (Histogram::new(), Histogram::new());
        (0..500).for_each(|value| whole.record(value));
        let before = whole.snapshot();
        for value in 500..900 {
            whole.record(value);
            part.record(value);
        }
        let mut sum = before.clone();
        sum.merge(&part.snapshot());
        assert_eq!(sum, whole.snapshot());
        assert_eq!(whole.snapshot().since(&before), part.snapshot());
        assert_eq!(HistogramSnapshot::empty().quantile(0.5), 0);
    }
}
