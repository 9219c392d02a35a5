use cachefs::CacheFs;

use crate::{Metric, Observed, Report};

/// What a cache tells of itself, in the formats of others. Numbers are exact for what happened before the call; it
/// takes short locks only, and never waits for the backing.
pub trait Export {
    /// All numbers.
    fn report(&self) -> Report;

    /// In Prometheus' text format.
    fn export_prometheus(&self) -> String {
        self.report().prometheus()
    }

    /// As JSON, see [`Report::json`].
    fn export_json(&self) -> String {
        self.report().json()
    }
}

impl Export for CacheFs {
    fn report(&self) -> Report {
        let mut report = Report::new();
        report.whole(Metric::BuildInfo, &[("version", env!("CARGO_PKG_VERSION"))], 1);
        Observed::of(self).add_to(&mut report);
        report
    }
}
