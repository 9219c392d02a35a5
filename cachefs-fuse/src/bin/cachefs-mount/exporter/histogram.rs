use std::fmt::Write;
use std::time::Duration;

use super::names::{Metric, PREFIX};

/// The upper bounds of the buckets shown.
const BOUNDS: &[Duration] = &[
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

/// How durations are spread.
pub(super) trait Distribution {
    /// How many are at most `bound`; those too near to tell may be left to the next bound.
    fn up_to(&self, bound: Duration) -> u64;
    /// How many there are.
    fn count(&self) -> u64;
    /// Their sum.
    fn sum(&self) -> Duration;
}

impl Distribution for cachefs_fuse::HistogramSnapshot {
    fn up_to(&self, bound: Duration) -> u64 {
        self.buckets.iter().take_while(|(upper, _)| *upper <= bound).map(|(_, count)| count).sum()
    }

    fn count(&self) -> u64 {
        self.count
    }

    fn sum(&self) -> Duration {
        self.sum
    }
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
}

/// Appends a histogram in the text format, of several verbs or, without one, of all there is. Nothing is kept between
/// scrapes, so nothing grows.
pub(super) fn render<'a>(
    text: &mut String,
    metric: &Metric,
    verbs: impl Iterator<Item = (Option<&'static str>, &'a dyn Distribution)>,
) {
    let name = format!("{PREFIX}{}", metric.name);
    _ = writeln!(text, "# HELP {name} {}\n# TYPE {name} histogram", metric.help);
    for (op, spread) in verbs {
        let op = op.map(|op| format!("op=\"{op}\"")).unwrap_or_default();
        let comma = if op.is_empty() { "" } else { "," };
        for bound in BOUNDS {
            let (le, count) = (bound.as_secs_f64(), spread.up_to(*bound));
            _ = writeln!(text, "{name}_bucket{{{op}{comma}le=\"{le}\"}} {count}");
        }
        let count = spread.count();
        _ = writeln!(text, "{name}_bucket{{{op}{comma}le=\"+Inf\"}} {count}");
        let labels = if op.is_empty() { op } else { format!("{{{op}}}") };
        _ = writeln!(text, "{name}_sum{labels} {}", spread.sum().as_secs_f64());
        _ = writeln!(text, "{name}_count{labels} {count}");
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exporter::names::Kind;

    #[test]
    fn buckets_are_cumulated_and_in_seconds() {
        let metric = Metric { name: "x_seconds", kind: Kind::Histogram, help: "X." };
        let spread = cachefs_fuse::HistogramSnapshot {
            buckets: vec![
                (Duration::from_micros(20), 2),
                (Duration::from_millis(2), 3),
                (Duration::from_secs(99), 1),
            ],
            count: 6,
            sum: Duration::from_millis(1500),
        };
        let mut text = String::new();
        render(&mut text, &metric, [(Some("read"), &spread as &dyn Distribution)].into_iter());
        render(&mut text, &metric, [(None, &spread as &dyn Distribution)].into_iter());
        for line in [
            "# TYPE cachefs_x_seconds histogram",
            "cachefs_x_seconds_bucket{op=\"read\",le=\"0.00001\"} 0",
            "cachefs_x_seconds_bucket{op=\"read\",le=\"0.000025\"} 2",
            "cachefs_x_seconds_bucket{op=\"read\",le=\"0.0025\"} 5",
            "cachefs_x_seconds_bucket{op=\"read\",le=\"30\"} 5",
            "cachefs_x_seconds_bucket{op=\"read\",le=\"+Inf\"} 6",
            "cachefs_x_seconds_sum{op=\"read\"} 1.5",
            "cachefs_x_seconds_count{op=\"read\"} 6",
            "cachefs_x_seconds_bucket{le=\"+Inf\"} 6",
            "cachefs_x_seconds_sum 1.5",
        ] {
            assert!(text.lines().any(|shown| shown == line), "{line} in\n{text}");
        }
    }

    #[test]
    fn the_engines_histograms_are_understood() {
        let histogram = cachefs::stats::Histogram::new();
        histogram.record_duration(Duration::from_micros(7));
        histogram.record_duration(Duration::from_millis(3));
        let spread: &dyn Distribution = &histogram.snapshot();
        assert_eq!((spread.up_to(BOUNDS[0]), spread.up_to(BOUNDS[8]), spread.count()), (1, 2, 2));
        assert_eq!(spread.sum(), Duration::from_micros(3007));
    }
}
