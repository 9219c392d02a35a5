use std::collections::BTreeMap;

use serde::Serialize;

use crate::report::{Family, Report, Series, Value};
use crate::spread::{BOUNDS, Spread};

/// The number of the format: raised when a field changes its meaning or goes.
const FORMAT: u32 = 1;

#[derive(Debug, Serialize)]
struct Document<'a> {
    format: u32,
    metrics: Vec<Entry<'a>>,
}

#[derive(Debug, Serialize)]
struct Entry<'a> {
    name: &'static str,
    r#type: &'static str,
    unit: &'static str,
    series: Vec<Line<'a>>,
}

#[derive(Debug, Serialize)]
struct Line<'a> {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<&'static str, &'a str>,
    #[serde(flatten)]
    number: Number,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Number {
    Whole { value: u64 },
    Real { value: f64 },
    Spread(Durations),
}

#[derive(Debug, Serialize)]
struct Durations {
    count: u64,
    sum: f64,
    p50: f64,
    p95: f64,
    p99: f64,
    /// Upper bound, and how many do not exceed it.
    buckets: Vec<(f64, u64)>,
}

impl From<&Spread> for Durations {
    fn from(spread: &Spread) -> Self {
        let [p50, p95, p99] = spread.quantiles.map(|(_, duration)| duration.as_secs_f64());
        let buckets = BOUNDS.iter().zip(&spread.up_to).map(|(bound, count)| (bound.as_secs_f64(), *count));
        Self { count: spread.count, sum: spread.sum.as_secs_f64(), p50, p95, p99, buckets: buckets.collect() }
    }
}

impl<'a> From<&'a Series> for Line<'a> {
    fn from(series: &'a Series) -> Self {
        let labels = series.labels.iter().map(|(name, value)| (*name, value.as_ref())).collect();
        let number = match &series.value {
            Value::Whole(value) => Number::Whole { value: *value },
            Value::Real(value) => Number::Real { value: *value },
            Value::Spread(spread) => Number::Spread(spread.into()),
        };
        Self { labels, number }
    }
}

impl<'a> From<Family<'a>> for Entry<'a> {
    fn from(Family { metric, series }: Family<'a>) -> Self {
        Self {
            name: metric.name(),
            r#type: metric.kind().name(),
            unit: metric.unit().name(),
            series: series.iter().map(Line::from).collect(),
        }
    }
}

impl Report {
    /// As one JSON object: `{"format":1,"metrics":[{"name","type","unit","series":[{"labels","value"}]}]}`; in place
    /// of `value` durations have `count`, `sum`, `p50`, `p95`, `p99` and cumulated `buckets`, all in seconds.
    #[must_use]
    pub fn json(&self) -> String {
        // What is written has string keys and finite numbers only.
        let document = Document { format: FORMAT, metrics: self.families().map(Entry::from).collect() };
        serde_json::to_string(&document).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::Metric;

    #[test]
    fn numbers_come_with_their_labels() {
        let histogram = cachefs::stats::Histogram::new();
        histogram.record_duration(Duration::from_millis(2));
        let mut report = Report::new();
        report.whole(Metric::CacheBytes, &[("tier", "memory")], 4096);
        report.spread(Metric::BackendOpDuration, &[("op", "read")], Spread::of(&histogram.snapshot()));
        let told: serde_json::Value = serde_json::from_str(&report.json()).expect("JSON");
        assert_eq!(told["format"], 1);
        let bytes = &told["metrics"][0];
        assert_eq!((&bytes["name"], &bytes["unit"]), (&"cachefs_cache_bytes".into(), &"bytes".into()));
        assert_eq!(bytes["series"][0]["labels"]["tier"], "memory");
        assert_eq!(bytes["series"][0]["value"], 4096);
        let spread = &told["metrics"][1]["series"][0];
        assert_eq!((&spread["count"], &spread["sum"]), (&1.into(), &0.002.into()));
        assert_eq!(spread["buckets"].as_array().map(Vec::len), Some(BOUNDS.len()));
        assert!(spread["p99"].as_f64().is_some_and(|p99| (0.002..0.0022).contains(&p99)));
    }
}
