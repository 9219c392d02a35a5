use std::fmt::Write;

use crate::report::{Family, Report, Series, Value};
use crate::spread::{BOUNDS, Spread};

impl Report {
    /// In Prometheus' text format, version 0.0.4.
    #[must_use]
    pub fn prometheus(&self) -> String {
        let mut text = String::with_capacity(64 * 1024);
        for Family { metric, series } in self.families() {
            let name = metric.name();
            _ = writeln!(text, "# HELP {name} {}\n# TYPE {name} {}", metric.help(), metric.kind().name());
            for Series { labels, value } in series {
                match value {
                    Value::Whole(value) => _ = writeln!(text, "{name}{} {value}", Labels(labels, None)),
                    Value::Real(value) => _ = writeln!(text, "{name}{} {value}", Labels(labels, None)),
                    Value::Spread(spread) => write_spread(&mut text, name, labels, spread),
                }
            }
        }
        text
    }
}

type Pairs = [(&'static str, std::borrow::Cow<'static, str>)];

fn write_spread(text: &mut String, name: &str, labels: &Pairs, spread: &Spread) {
    for (bound, count) in BOUNDS.iter().zip(&spread.up_to) {
        let labels = Labels(labels, Some(Some(bound.as_secs_f64())));
        _ = writeln!(text, "{name}_bucket{labels} {count}");
    }
    _ = writeln!(text, "{name}_bucket{} {}", Labels(labels, Some(None)), spread.count);
    _ = writeln!(text, "{name}_sum{} {}", Labels(labels, None), spread.sum.as_secs_f64());
    _ = writeln!(text, "{name}_count{} {}", Labels(labels, None), spread.count);
}

/// Labels in braces, with the bound of a bucket behind them (`Some(None)`: without bound); nothing if there are none.
struct Labels<'a>(&'a Pairs, Option<Option<f64>>);

impl std::fmt::Display for Labels<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut before = '{';
        for (name, value) in self.0 {
            write!(f, "{before}{name}=\"")?;
            for letter in value.chars() {
                match letter {
                    '\n' => f.write_str("\\n")?,
                    '"' | '\\' => write!(f, "\\{letter}")?,
                    _ => f.write_char(letter)?,
                }
            }
            f.write_char('"')?;
            before = ',';
        }
        match self.1 {
            Some(Some(bound)) => write!(f, "{before}le=\"{bound}\"}}"),
            Some(None) => write!(f, "{before}le=\"+Inf\"}}"),
            None if before == ',' => f.write_char('}'),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::Metric;

    #[test]
    fn numbers_labels_and_buckets_are_written_as_prometheus_reads_them() {
        let histogram = cachefs::stats::Histogram::new();
        for us in [20, 20, 2000, 2000, 2000, 99_000_000] {
            histogram.record_duration(Duration::from_micros(us));
        }
        let mut report = Report::new();
        report.spread(Metric::BackendOpDuration, &[("op", "read")], Spread::of(&histogram.snapshot()));
        report.spread(Metric::KernelNoticeDelay, &[], Spread::of(&histogram.snapshot()));
        report.whole(Metric::MountInfo, &[("mount", "/a\"b\\c\nd"), ("mode", "back")], 1);
        report.real(Metric::Throttled, &[], 0.25);
        let text = report.prometheus();
        for line in [
            "# TYPE cachefs_backend_op_duration_seconds histogram",
            "cachefs_backend_op_duration_seconds_bucket{op=\"read\",le=\"0.00001\"} 0",
            "cachefs_backend_op_duration_seconds_bucket{op=\"read\",le=\"0.000025\"} 2",
            "cachefs_backend_op_duration_seconds_bucket{op=\"read\",le=\"0.0025\"} 5",
            "cachefs_backend_op_duration_seconds_bucket{op=\"read\",le=\"+Inf\"} 6",
            "cachefs_backend_op_duration_seconds_sum{op=\"read\"} 99.00604",
            "cachefs_kernel_notice_delay_seconds_bucket{le=\"30\"} 5",
            "cachefs_kernel_notice_delay_seconds_count 6",
            "cachefs_mount_info{mount=\"/a\\\"b\\\\c\\nd\",mode=\"back\"} 1",
            "# HELP cachefs_writeback_throttled_seconds_total How long writers were slowed, all together.",
            "# TYPE cachefs_writeback_throttled_seconds_total counter",
            "cachefs_writeback_throttled_seconds_total 0.25",
        ] {
            assert!(text.lines().any(|shown| shown == line), "{line} in\n{text}");
        }
        assert!(text.ends_with('\n') && !text.contains("\n\n"));
    }
}
