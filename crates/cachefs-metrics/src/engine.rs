use cachefs::stats::{BackingVerb, Snapshot};
use cachefs::{CacheFs, Usage, WatchStatus};

use crate::{Metric, Report, Spread};

/// What an engine tells, at one moment.
#[derive(Clone, Debug)]
pub struct Observed {
    /// What happened.
    pub stats: Snapshot,
    /// What it holds.
    pub usage: Usage,
    /// `None` where the backing is not watched.
    pub watch: Option<WatchStatus>,
}

impl Observed {
    /// Of this cache. Takes short locks only, and never waits for the backing.
    #[must_use]
    pub fn of(cache: &CacheFs) -> Self {
        Self { stats: cache.stats(), usage: cache.usage(), watch: cache.coherence().watch }
    }

    /// Adds it to a report.
    pub fn add_to(&self, report: &mut Report) {
        for series in self.stats.series() {
            if let Some(metric) = Metric::of_engine(series.name) {
                report.whole(metric, &series.labels, series.value);
            }
        }
        for verb in BackingVerb::ALL {
            if let Some(spread) = self.stats.latency(*verb) {
                report.spread(Metric::BackendOpDuration, &[("op", verb.name())], Spread::of(spread));
            }
        }
        held(&self.usage, report);
        watched(self.watch.as_ref(), report);
    }
}

fn held(usage: &Usage, report: &mut Report) {
    let mut gauge = |metric, labels: &[_], value: usize| report.whole(metric, labels, value as u64);
    gauge(Metric::CacheBytes, &[("tier", "memory")], usage.bytes);
    gauge(Metric::CacheIdleBytes, &[("tier", "memory")], usage.bytes_idle);
    gauge(Metric::CacheCapacityBytes, &[("tier", "memory")], usage.bytes_max);
    gauge(Metric::CachePinnedBytes, &[("tier", "memory")], usage.pinned_bytes);
    gauge(Metric::CachePinnedFiles, &[], usage.pinned_files);
    gauge(Metric::CacheEntries, &[("cache", "data")], usage.blocks);
    gauge(Metric::CacheEntries, &[("cache", "attr")], usage.attributes);
    gauge(Metric::CacheEntries, &[("cache", "dentry")], usage.names);
    gauge(Metric::CacheEntries, &[("cache", "readdir")], usage.listing_entries);
    gauge(Metric::CacheLoadsInflight, &[], usage.loads_in_flight);
    gauge(Metric::BackendHandles, &[], usage.backing_handles);
    gauge(Metric::BackendInflight, &[], usage.backing_in_flight);
}

/// Where the backing is not watched, all of it is 0.
fn watched(watch: Option<&WatchStatus>, report: &mut Report) {
    let usage = watch.map(|watch| watch.usage).unwrap_or_default();
    let mut put = |metric, labels: &[_], value| report.whole(metric, labels, value);
    put(Metric::WatchEvents, &[("by", "self")], usage.own);
    put(Metric::WatchEvents, &[("by", "others")], usage.events.saturating_sub(usage.own));
    put(Metric::WatchOverflows, &[], usage.overflows);
    put(Metric::WatchMarks, &[], usage.marks);
    let count = |of: fn(&WatchStatus) -> u64| watch.map_or(0, of);
    put(Metric::WatchLost, &[], count(|watch| watch.lost.is_some().into()));
    put(Metric::WatchUncovered, &[], count(|watch| watch.uncovered_dirs));
    put(Metric::WatchRechecked, &[], count(|watch| watch.files_rechecked as u64));
}
