use std::borrow::Cow;

use crate::{Metric, Spread};

/// The numbers of one moment, by metric.
#[derive(Clone, Debug)]
pub struct Report(Vec<Vec<Series>>);

/// All series of one metric.
#[derive(Clone, Copy, Debug)]
pub struct Family<'a> {
    /// Which.
    pub metric: Metric,
    /// One for each set of labels; at least one.
    pub series: &'a [Series],
}

/// A number and what tells it from others of the same metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Labels and their values, as in the table.
    pub labels: Vec<(&'static str, Cow<'static, str>)>,
    /// The number.
    pub value: Value,
}

/// A number, or how durations are spread.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A whole number.
    Whole(u64),
    /// One with a fraction.
    Real(f64),
    /// Durations.
    Spread(Spread),
}

impl Report {
    /// Without any number.
    #[must_use]
    pub fn new() -> Self {
        Self(vec![Vec::new(); Metric::ALL.len()])
    }

    /// Adds a whole number.
    pub fn whole(&mut self, metric: Metric, labels: &[(&'static str, &str)], value: u64) {
        self.put(metric, labels, Value::Whole(value));
    }

    /// Adds a number with a fraction.
    pub fn real(&mut self, metric: Metric, labels: &[(&'static str, &str)], value: f64) {
        self.put(metric, labels, Value::Real(value));
    }

    /// Adds durations.
    pub fn spread(&mut self, metric: Metric, labels: &[(&'static str, &str)], value: Spread) {
        self.put(metric, labels, Value::Spread(value));
    }

    fn put(&mut self, metric: Metric, labels: &[(&'static str, &str)], value: Value) {
        let labels = labels.iter().map(|(name, value)| (*name, Cow::Owned((*value).to_owned()))).collect();
        self.0[metric as usize].push(Series { labels, value });
    }

    /// What there are numbers of, in the order of the table.
    pub fn families(&self) -> impl Iterator<Item = Family<'_>> {
        let all = Metric::ALL.iter().zip(&self.0).filter(|(_, series)| !series.is_empty());
        all.map(|(&metric, series)| Family { metric, series })
    }
}

impl Default for Report {
    fn default() -> Self {
        Self::new()
    }
}
