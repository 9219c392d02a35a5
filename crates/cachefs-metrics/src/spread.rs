use std::time::Duration;

/// The upper bounds of the buckets that are shown.
pub const BOUNDS: &[Duration] = &[
    Duration::from_micros(10),
    Duration::from_micros(25),
    Duration::from_micros(50),
    Duration::from_micros(100),
    Duration::from_micros(250),
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_micros(2500),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_millis(2500),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(30),
];

/// How durations are spread, however they were counted.
pub trait Distribution {
    /// How many are at most `bound`; those too near to tell may be left to the next bound.
    fn up_to(&self, bound: Duration) -> u64;
    /// How many there are.
    fn count(&self) -> u64;
    /// Their sum.
    fn sum(&self) -> Duration;
    /// A duration that at least this share (0 to 1) of them do not exceed; zero if there are none.
    fn quantile(&self, share: f64) -> Duration;
}

impl Distribution for cachefs::stats::HistogramSnapshot {
    fn up_to(&self, bound: Duration) -> u64 {
        self.count_up_to(u64::try_from(bound.as_nanos()).unwrap_or(u64::MAX))
    }

    fn count(&self) -> u64 {
        Self::count(self)
    }

    fn sum(&self) -> Duration {
        Duration::from_nanos(Self::sum(self))
    }

    fn quantile(&self, share: f64) -> Duration {
        Duration::from_nanos(Self::quantile(self, share))
    }
}

/// Durations, counted by length.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// How many do not exceed each of [`BOUNDS`].
    pub up_to: Vec<u64>,
    /// How many there are.
    pub count: u64,
    /// Their sum.
    pub sum: Duration,
    /// What half, 95 and 99 of 100 do not exceed, since counting began.
    pub quantiles: [(f64, Duration); 3],
}

impl Spread {
    /// Of what was counted.
    #[must_use]
    pub fn of(counted: &impl Distribution) -> Self {
        Self {
            up_to: BOUNDS.iter().map(|bound| counted.up_to(*bound)).collect(),
            count: counted.count(),
            sum: counted.sum(),
            quantiles: [0.5, 0.95, 0.99].map(|share| (share, counted.quantile(share))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engines_histograms_are_understood() {
        let histogram = cachefs::stats::Histogram::new();
        histogram.record_duration(Duration::from_micros(7));
        histogram.record_duration(Duration::from_millis(3));
        let spread = Spread::of(&histogram.snapshot());
        assert_eq!((spread.up_to[0], spread.up_to[8], spread.count), (1, 2, 2));
        assert_eq!(spread.sum, Duration::from_micros(3007));
        assert!(spread.quantiles[2].1 >= Duration::from_millis(3));
    }
}
