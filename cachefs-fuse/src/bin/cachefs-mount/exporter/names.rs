/// A metric the exporter serves. All of them stand in [`METRICS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Metric {
    /// Without the prefix [`PREFIX`].
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) help: &'static str,
}

/// The type Prometheus is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    /// A counter with a fraction.
    Seconds,
    Gauge,
    Histogram,
}

/// What all names begin with.
pub(super) const PREFIX: &str = "cachefs_";

const fn counter(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Counter, help }
}

const fn seconds(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Seconds, help }
}

const fn gauge(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Gauge, help }
}

const fn histogram(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Histogram, help }
}

/// Every metric, in base units.
pub(super) const METRICS: &[Metric] = &[
    gauge("build_info", "Always 1; the version is in the label."),
    gauge("mount_info", "Always 1; what is mounted how is in the labels."),
    counter(
        "fuse_ops_total",
        "Requests of the kernel answered, by verb. What the kernel answers itself is not seen.",
    ),
    counter(
        "fuse_errors_total",
        "Requests answered with an error, by errno. A missing name the kernel may remember is none.",
    ),
    counter("fuse_timeouts_total", "Requests answered ETIMEDOUT because the source hung."),
    histogram("fuse_op_duration_seconds", "From a request's receipt to its answer."),
    gauge("fuse_inflight", "Requests received and not yet answered."),
    gauge("fuse_inodes", "Inodes the kernel knows."),
    gauge(
        "fuse_handles",
        "Handles the mount keeps: open ones can be closed for others, pinned ones must stay.",
    ),
    counter("cache_requests_total", "Look-ups in the cache, by what was looked up and how it went."),
    counter("cache_misses_total", "Blocks that had to be loaded, by reason."),
    counter("cache_request_bytes_total", "Bytes read, by where they came from."),
    counter("cache_coalesced_total", "Blocks that waited for a load somebody else had begun."),
    counter("cache_fills_total", "Blocks loaded."),
    counter("cache_evictions_total", "Blocks evicted, by what there was too little of."),
    counter("cache_evicted_bytes_total", "Memory that evictions freed."),
    counter("cache_admission_refused_total", "Times no memory could be had because all of it was in use."),
    gauge("cache_bytes", "Memory that holds file contents."),
    gauge("cache_capacity_bytes", "Memory that may hold file contents."),
    gauge("cache_entries", "Entries held, by what they are."),
    counter("invalidations_total", "Files or paths found or declared changed by others."),
    counter("watch_events_total", "Changes to the source the system told of, by who made them."),
    counter("watch_overflows_total", "Times the system dropped changes; everything was checked again then."),
    counter("watch_notices_total", "What the watch told the cache, by kind."),
    gauge("watch_lost", "1 if the watch is over; each open and look-up asks the source then."),
    gauge("watch_marks", "Places under watch."),
    gauge("watch_uncovered_directories", "Directories and files that could not be put under watch."),
    gauge("watch_rechecked_files", "Files checked each second, for others may have them open for writing."),
    counter("writers_rechecked_total", "Looks at files that others may have open for writing."),
    counter("kernel_notices_total", "Notices to the kernel of changes by others, by kind."),
    counter("kernel_notices_failed_total", "Notices the kernel refused."),
    counter("kernel_notice_overflows_total", "Times all that the kernel knew was taken back at once."),
    gauge("kernel_notices_waiting", "Notices the kernel has not been given yet."),
    histogram(
        "kernel_notice_delay_seconds",
        "From when the mount was told of a change until the kernel was told.",
    ),
    counter("readahead_bytes_total", "Bytes loaded ahead of sequential readers."),
    counter("readahead_dropped_total", "Readaheads not begun because the background queue was full."),
    counter("backend_ops_total", "Calls to the source."),
    histogram("backend_op_duration_seconds", "How long calls to the source took."),
    counter("backend_bytes_total", "Bytes read from and written to the source."),
    gauge("backend_inflight", "Calls the source has not answered yet."),
    gauge("backend_handles", "Files and directories of the source kept open by the cache."),
    gauge("writeback_dirty_bytes", "Bytes written that are not in the source yet."),
    gauge("writeback_dirty_max_bytes", "Bytes there may be of these."),
    gauge("writeback_memory_bytes", "Memory that it takes to know where these lie, in bytes."),
    gauge("writeback_memory_max_bytes", "Bytes of memory it may take."),
    gauge("writeback_dirty_files", "Files they are of."),
    gauge("writeback_oldest_dirty_age_seconds", "How long the oldest of them wait."),
    counter("writeback_flushes_total", "Files written to the source, or not."),
    counter("writeback_flushed_bytes_total", "Bytes written to the source from the journal."),
    seconds("writeback_throttled_seconds_total", "How long writers were slowed, all together."),
    counter("writeback_conflicts_total", "Files others had changed, too: both versions were kept."),
    counter("writeback_lost_bytes_total", "Bytes that were acknowledged and are nowhere any more."),
    gauge("writeback_is_through", "1 if writes go straight to the source for the journal cannot be used."),
    gauge("journal_bytes", "The journal on its disk."),
    gauge("journal_max_bytes", "What it may be at most."),
    counter("warm_files_total", "Files warmed, or not."),
    counter("warm_bytes_total", "Bytes warmed."),
    gauge("warm_remaining_files", "Files found but not yet warmed."),
    counter("jobs_panicked_total", "Background jobs that panicked."),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_follow_the_conventions() {
        let names: HashSet<_> = METRICS.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), METRICS.len());
        for metric in METRICS {
            let counts = matches!(metric.kind, Kind::Counter | Kind::Seconds);
            assert_eq!(counts, metric.name.ends_with("_total"), "{}", metric.name);
            let lasts = metric.name.ends_with("_seconds") || metric.name.ends_with("_seconds_total");
            assert!(metric.kind != Kind::Histogram || lasts, "{}", metric.name);
            assert!(metric.kind != Kind::Seconds || lasts, "{}", metric.name);
            assert!(metric.help.ends_with('.'), "{}", metric.name);
        }
    }
}
