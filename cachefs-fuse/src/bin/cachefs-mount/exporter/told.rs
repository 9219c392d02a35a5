use std::sync::Arc;

use cachefs_metrics::{Metric, Report};

use super::sample::{MountInfo, Sample};
use super::{back, kernel, process};

/// Where samples come from, and what never changes: makes reports when asked.
#[derive(Clone)]
pub(crate) struct Told {
    info: Arc<MountInfo>,
    sample: Arc<dyn Fn() -> Sample + Send + Sync>,
}

impl Told {
    pub(crate) fn new(info: MountInfo, sample: impl Fn() -> Sample + Send + Sync + 'static) -> Self {
        Self { info: Arc::new(info), sample: Arc::new(sample) }
    }

    /// All numbers of this moment. Counters are set to what the engine and the mount counted themselves.
    pub(crate) fn report(&self) -> Report {
        let mut report = Report::new();
        report.whole(Metric::BuildInfo, &[("version", env!("CARGO_PKG_VERSION"))], 1);
        let info = &self.info;
        let mut labels = vec![
            ("mount", info.mount.as_str()),
            ("backend", info.backend),
            ("profile", info.profile),
            ("mode", info.mode),
            ("coherence", info.coherence),
        ];
        labels.extend(info.durability.map(|durability| ("durability", durability)));
        labels.extend(info.no_growth.then_some(("assume_no_growth", "true")));
        report.whole(Metric::MountInfo, &labels, 1);
        let sample = (self.sample)();
        sample.engine.add_to(&mut report);
        kernel::add(&sample.requests, &mut report);
        report.whole(Metric::WarmRemaining, &[], sample.warm_remaining_files);
        back::add(&sample.back.unwrap_or_default(), &mut report);
        process::add(&mut report);
        report
    }
}

/// What it takes is not to be printed.
impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Told").field("info", &self.info).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::time::Duration;

    use cachefs::stats::{BackingVerb, Counter, Stats};
    use cachefs::{Usage, WatchStatus};
    use cachefs_fuse::control::Dirty;
    use cachefs_fuse::{
        ErrorCount, HistogramSnapshot, NoticeCount, NoticeKind, NoticeSnapshot, Op, OpSnapshot,
        RequestSnapshot,
    };
    use cachefs_metrics::{Observed, Value};
    use cachefs_vfs::{WatchMethod, WatchUsage};
    use rustix::io::Errno;

    use super::*;

    fn requests() -> RequestSnapshot {
        let spread = HistogramSnapshot {
            buckets: vec![(Duration::from_micros(20), 3)],
            count: 3,
            sum: Duration::from_micros(50),
        };
        let ops = vec![
            OpSnapshot { op: Op::Lookup, received: 4, durations: spread },
            OpSnapshot { op: Op::Forget, received: 9, durations: HistogramSnapshot::default() },
        ];
        let errors = vec![ErrorCount { op: Op::Lookup, errno: Errno::NOENT, count: 1 }];
        let sent = vec![NoticeCount { kind: NoticeKind::Entry, count: 8 }];
        let notices = NoticeSnapshot { sent, failed: 1, waiting: 2, grown: 4, ..NoticeSnapshot::default() };
        RequestSnapshot { ops, errors, in_flight: 1, inodes: 5, notices, ..RequestSnapshot::default() }
    }

    fn engine() -> Observed {
        let stats = Stats::new();
        stats.add(Counter::DataHit, 7);
        stats.count_backing(BackingVerb::Read, Duration::from_millis(2), false);
        let watch_usage = WatchUsage { events: 9, own: 2, overflows: 1, marks: 4 };
        let watch = WatchStatus {
            method: WatchMethod::Directories,
            usage: watch_usage,
            lost: Some(cachefs_vfs::Error::unsupported()),
            uncovered_dirs: 3,
            files_rechecked: 6,
        };
        let usage = Usage {
            bytes: 4096,
            bytes_idle: 512,
            bytes_max: 1 << 20,
            blocks: 1,
            blocks_max: 2,
            pinned_files: 1,
            pinned_bytes: 64,
            pinned_bytes_max: 128,
            attributes: 3,
            names: 4,
            metadata_max: 5,
            listing_entries: 6,
            listing_entries_max: 7,
            handles: 8,
            backing_handles: 9,
            backing_handles_max: 10,
            loads_in_flight: 11,
            backing_in_flight: 12,
        };
        Observed { stats: stats.snapshot(), usage, watch: Some(watch) }
    }

    impl Told {
        pub(in crate::exporter) fn testing() -> Self {
            told()
        }
    }

    fn told() -> Told {
        let back = Dirty {
            dirty_bytes: 11,
            oldest_dirty_age_seconds: 1.5,
            flushes: 3,
            throttled_seconds: 0.25,
            journal_bytes: 4096,
            hanging: 2,
            ..Dirty::default()
        };
        let (mount, backend) = ("/mnt/a\"b".to_owned(), "local");
        let durability = Some("journal");
        let info = MountInfo {
            mount,
            backend,
            profile: "pages",
            mode: "through",
            durability,
            coherence: "watch",
            no_growth: true,
        };
        Told::new(info, move || Sample {
            engine: engine(),
            requests: requests(),
            warm_remaining_files: 2,
            back: Some(back.clone()),
        })
    }

    #[test]
    fn numbers_arrive_under_their_names() {
        let text = told().report().prometheus();
        for line in [
            "cachefs_cache_requests_total{cache=\"data\",result=\"hit\"} 7",
            "cachefs_backend_ops_total{op=\"read\",result=\"ok\"} 1",
            "cachefs_backend_op_duration_seconds_sum{op=\"read\"} 0.002",
            "cachefs_backend_inflight 12",
            "cachefs_backend_handles 9",
            "cachefs_fuse_ops_total{op=\"lookup\",result=\"ok\"} 2",
            "cachefs_fuse_ops_total{op=\"lookup\",result=\"error\"} 1",
            "cachefs_fuse_ops_total{op=\"forget\",result=\"ok\"} 9",
            "cachefs_fuse_errors_total{op=\"lookup\",errno=\"ENOENT\"} 1",
            "cachefs_fuse_op_duration_seconds_count{op=\"lookup\"} 3",
            "cachefs_cache_bytes{tier=\"memory\"} 4096",
            "cachefs_cache_idle_bytes{tier=\"memory\"} 512",
            "cachefs_cache_entries{cache=\"readdir\"} 6",
            "cachefs_warm_remaining_files 2",
            "cachefs_mount_info{mount=\"/mnt/a\\\"b\",backend=\"local\",profile=\"pages\",mode=\"through\",coherence=\"watch\",durability=\"journal\",assume_no_growth=\"true\"} 1",
            "cachefs_writeback_dirty_bytes 11",
            "cachefs_writeback_oldest_dirty_age_seconds 1.5",
            "cachefs_writeback_flushes_total{result=\"ok\"} 3",
            "cachefs_writeback_throttled_seconds_total 0.25",
            "cachefs_writeback_hanging_files 2",
            "cachefs_journal_bytes 4096",
            "cachefs_watch_events_total{by=\"self\"} 2",
            "cachefs_watch_events_total{by=\"others\"} 7",
            "cachefs_watch_overflows_total 1",
            "cachefs_watch_marks 4",
            "cachefs_watch_lost 1",
            "cachefs_watch_uncovered_directories 3",
            "cachefs_watch_rechecked_files 6",
            "cachefs_kernel_notices_total{kind=\"inval_entry\"} 8",
            "cachefs_kernel_notices_failed_total 1",
            "cachefs_kernel_notices_waiting 2",
            "cachefs_grown_by_others_total 4",
        ] {
            assert!(text.lines().any(|shown| shown == line), "{line} in\n{text}");
        }
    }

    #[test]
    fn the_whole_table_is_exported_with_the_labels_it_says() {
        let report = told().report();
        let exported: HashSet<Metric> = report.families().map(|family| family.metric).collect();
        let missing: Vec<_> = Metric::ALL.iter().filter(|metric| !exported.contains(metric)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        for family in report.families() {
            let mut seen = HashSet::new();
            for series in family.series {
                let labels: Vec<_> = series.labels.iter().map(|(name, _)| *name).collect();
                assert_eq!(labels, family.metric.labels(), "{:?}", family.metric);
                let is_spread = matches!(series.value, Value::Spread(_));
                assert_eq!(is_spread, family.metric.kind() == cachefs_metrics::Kind::Histogram);
                assert!(seen.insert(format!("{:?}", series.labels)), "twice: {series:?}");
            }
        }
    }
}
