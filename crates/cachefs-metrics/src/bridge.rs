use metrics::{Key, Label, Level, Metadata, Recorder, Unit as TheirUnit};

use crate::report::{Report, Series, Value};
use crate::{Kind, Metric, Spread, Unit};

static METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, None);

/// Hands reports to a recorder of the `metrics` crate: whole counters as absolute counts, everything else as gauges, for
/// its counters have no fractions. Its histograms take single values, which are no longer known; durations are given
/// as `NAME_count`, `NAME_sum` and `NAME` with a label `quantile`, as in a summary.
#[derive(Debug)]
pub struct Bridge<R>(R);

impl<R: Recorder> Bridge<R> {
    /// To this recorder, which is told what each metric means.
    pub fn new(recorder: R) -> Self {
        for metric in Metric::ALL {
            let (name, help) = (metric.name().into(), metric.help().into());
            match (metric.kind(), metric.unit()) {
                (Kind::Counter, Unit::Number) => {
                    recorder.describe_counter(name, Some(TheirUnit::Count), help);
                }
                (Kind::Counter, Unit::Bytes) => recorder.describe_counter(name, Some(TheirUnit::Bytes), help),
                (_, Unit::Number) => recorder.describe_gauge(name, Some(TheirUnit::Count), help),
                (_, Unit::Bytes) => recorder.describe_gauge(name, Some(TheirUnit::Bytes), help),
                (_, Unit::Seconds) => recorder.describe_gauge(name, Some(TheirUnit::Seconds), help),
            }
        }
        Self(recorder)
    }

    /// Hands over the numbers of one moment. To be called as often as the recorder's numbers are to be new.
    pub fn publish(&self, report: &Report) {
        for family in report.families() {
            for series in family.series {
                self.publish_one(family.metric, series);
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "gauges of the recorder have no other numbers")]
    fn publish_one(&self, metric: Metric, series: &Series) {
        let labels = labels(series);
        match &series.value {
            Value::Whole(value) if metric.kind() == Kind::Counter => {
                self.counter(metric.name().to_owned(), labels, *value);
            }
            Value::Whole(value) => self.gauge(metric.name().to_owned(), labels, *value as f64),
            Value::Real(value) => self.gauge(metric.name().to_owned(), labels, *value),
            Value::Spread(spread) => self.spread(metric.name(), &labels, spread),
        }
    }

    fn spread(&self, name: &str, labels: &[Label], spread: &Spread) {
        self.counter(format!("{name}_count"), labels.to_vec(), spread.count);
        self.gauge(format!("{name}_sum"), labels.to_vec(), spread.sum.as_secs_f64());
        for (share, duration) in spread.quantiles {
            let mut labels = labels.to_vec();
            labels.push(Label::new("quantile", share.to_string()));
            self.gauge(name.to_owned(), labels, duration.as_secs_f64());
        }
    }

    fn counter(&self, name: String, labels: Vec<Label>, value: u64) {
        self.0.register_counter(&Key::from_parts(name, labels), &METADATA).absolute(value);
    }

    fn gauge(&self, name: String, labels: Vec<Label>, value: f64) {
        self.0.register_gauge(&Key::from_parts(name, labels), &METADATA).set(value);
    }
}

fn labels(series: &Series) -> Vec<Label> {
    series.labels.iter().map(|(name, value)| Label::new(*name, value.clone().into_owned())).collect()
}
