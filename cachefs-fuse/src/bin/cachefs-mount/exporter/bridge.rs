use std::fmt::Write;

use cachefs::WatchStatus;
use cachefs_fuse::control::Dirty;
use cachefs_fuse::{NoticeSnapshot, Op, RequestSnapshot};
use metrics::{Key, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};

use super::errno;
use super::histogram::{self, Distribution};
use super::names::{Kind, METRICS, Metric, PREFIX};
use super::sample::{MountInfo, Sample};

/// Publishes samples as Prometheus reads them. Counters are set to what the engine and the mount counted
/// themselves; histograms are rendered from their own bounded ones.
#[derive(Debug)]
pub(crate) struct Bridge {
    recorder: PrometheusRecorder,
}

impl Bridge {
    /// A recorder of our own, with the metrics that never change.
    pub(crate) fn new(info: &MountInfo) -> Self {
        let bridge = Self { recorder: PrometheusBuilder::new().build_recorder() };
        for metric in METRICS {
            bridge.describe(metric);
        }
        bridge.gauge("build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
        let mut labels = vec![
            ("mount", info.mount.as_str()),
            ("backend", info.backend),
            ("profile", info.profile),
            ("mode", info.mode),
            ("coherence", info.coherence),
        ];
        labels.extend(info.durability.map(|durability| ("durability", durability)));
        bridge.gauge("mount_info", &labels, 1);
        bridge
    }

    /// The sample in Prometheus' text format.
    pub(crate) fn render(&self, sample: &Sample) -> String {
        for series in sample.engine.series() {
            self.counter(series.name, &series.labels, series.value);
        }
        self.requests(&sample.requests);
        self.notices(&sample.requests.notices);
        self.holdings(sample);
        self.watch(sample.watch.as_ref());
        let back = sample.back.clone().unwrap_or_default();
        self.back(&back);
        let mut text = self.recorder.handle().render();
        seconds(&mut text, "writeback_throttled_seconds_total", back.throttled_seconds);
        histograms(&mut text, sample);
        text
    }

    fn requests(&self, requests: &RequestSnapshot) {
        for snapshot in &requests.ops {
            let op = snapshot.op.name();
            let same = requests.errors.iter().filter(|error| error.op == snapshot.op);
            let failed: u64 = same.map(|error| error.count).sum();
            // The kernel expects no answer to a forget.
            let done = if snapshot.op == Op::Forget { snapshot.received } else { snapshot.durations.count };
            self.counter("fuse_ops_total", &[("op", op), ("result", "ok")], done.saturating_sub(failed));
            self.counter("fuse_ops_total", &[("op", op), ("result", "error")], failed);
        }
        for error in &requests.errors {
            let errno = errno::name(error.errno);
            self.counter("fuse_errors_total", &[("op", error.op.name()), ("errno", &errno)], error.count);
        }
        self.counter("fuse_timeouts_total", &[], requests.timed_out);
        self.gauge("fuse_inflight", &[], requests.in_flight);
        self.gauge("fuse_inodes", &[], requests.inodes);
        self.gauge("fuse_handles", &[("state", "open")], requests.handles);
        self.gauge("fuse_handles", &[("state", "pinned")], requests.pinned);
    }

    fn holdings(&self, sample: &Sample) {
        let holdings = &sample.holdings;
        self.gauge("cache_bytes", &[("tier", "memory")], holdings.bytes);
        self.gauge("cache_capacity_bytes", &[("tier", "memory")], holdings.capacity_bytes);
        self.gauge("cache_entries", &[("cache", "data")], holdings.blocks);
        self.gauge("cache_entries", &[("cache", "attr")], holdings.attributes);
        self.gauge("cache_entries", &[("cache", "dentry")], holdings.names);
        self.gauge("cache_entries", &[("cache", "readdir")], holdings.listing_entries);
        self.gauge("backend_handles", &[], holdings.handles);
        self.gauge("backend_inflight", &[], holdings.backing_inflight);
        self.gauge("warm_remaining_files", &[], sample.warm_remaining_files);
    }

    fn notices(&self, notices: &NoticeSnapshot) {
        for sent in &notices.sent {
            self.counter("kernel_notices_total", &[("kind", sent.kind.name())], sent.count);
        }
        self.counter("kernel_notices_failed_total", &[], notices.failed);
        self.counter("kernel_notice_overflows_total", &[], notices.overflows);
        self.gauge("kernel_notices_waiting", &[], notices.waiting);
    }

    /// Where the source is not watched, all of it is 0.
    fn watch(&self, watch: Option<&WatchStatus>) {
        let usage = watch.map(|watch| watch.usage).unwrap_or_default();
        self.counter("watch_events_total", &[("by", "self")], usage.own);
        self.counter("watch_events_total", &[("by", "others")], usage.events.saturating_sub(usage.own));
        self.counter("watch_overflows_total", &[], usage.overflows);
        self.gauge("watch_marks", &[], usage.marks);
        let count = |of: fn(&WatchStatus) -> u64| watch.map_or(0, of);
        self.gauge("watch_lost", &[], count(|watch| watch.lost.is_some().into()));
        self.gauge("watch_uncovered_directories", &[], count(|watch| watch.uncovered_dirs));
        self.gauge("watch_rechecked_files", &[], count(|watch| watch.files_rechecked as u64));
    }

    /// Where nothing is written back, all of it is 0.
    fn back(&self, back: &Dirty) {
        self.gauge("writeback_dirty_bytes", &[], back.dirty_bytes);
        self.gauge("writeback_dirty_max_bytes", &[], back.dirty_max_bytes);
        self.gauge("writeback_memory_bytes", &[], back.dirty_memory_bytes);
        self.gauge("writeback_memory_max_bytes", &[], back.dirty_memory_max_bytes);
        self.gauge("writeback_dirty_files", &[], back.dirty_files);
        self.recorder
            .register_gauge(&key("writeback_oldest_dirty_age_seconds", &[]), &METADATA)
            .set(back.oldest_dirty_age_seconds);
        self.counter("writeback_flushes_total", &[("result", "ok")], back.flushes);
        self.counter("writeback_flushes_total", &[("result", "error")], back.flush_failures);
        self.counter("writeback_flushed_bytes_total", &[], back.flushed_bytes);
        self.counter("writeback_conflicts_total", &[], back.conflicts);
        self.counter("writeback_lost_bytes_total", &[], back.lost_bytes);
        self.gauge("writeback_is_through", &[], back.through.is_some().into());
        self.gauge("journal_bytes", &[], back.journal_bytes);
        self.gauge("journal_max_bytes", &[], back.journal_max_bytes);
    }

    fn describe(&self, metric: &Metric) {
        let (name, help) = (format!("{PREFIX}{}", metric.name).into(), metric.help.into());
        match metric.kind {
            Kind::Counter => self.recorder.describe_counter(name, None, help),
            Kind::Gauge => self.recorder.describe_gauge(name, None, help),
            // Written by ourselves.
            Kind::Seconds | Kind::Histogram => {}
        }
    }

    fn counter(&self, name: &str, labels: &[(&'static str, &str)], value: u64) {
        self.recorder.register_counter(&key(name, labels), &METADATA).absolute(value);
    }

    #[expect(clippy::cast_precision_loss, reason = "the text format has no other numbers")]
    fn gauge(&self, name: &str, labels: &[(&'static str, &str)], value: u64) {
        self.recorder.register_gauge(&key(name, labels), &METADATA).set(value as f64);
    }
}

static METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, None);

fn key(name: &str, labels: &[(&'static str, &str)]) -> Key {
    let labels: Vec<Label> =
        labels.iter().map(|(name, value)| Label::new(*name, (*value).to_owned())).collect();
    Key::from_parts(format!("{PREFIX}{name}"), labels)
}

/// A counter that is no whole number, which the recorder has none of.
fn seconds(text: &mut String, name: &str, value: f64) {
    let Some(metric) = METRICS.iter().find(|metric| metric.name == name) else { return };
    let name = format!("{PREFIX}{name}");
    _ = write!(text, "# HELP {name} {}\n# TYPE {name} counter\n{name} {value}\n\n", metric.help);
}

fn histograms(text: &mut String, sample: &Sample) {
    for metric in METRICS.iter().filter(|metric| metric.kind == Kind::Histogram) {
        match metric.name {
            "fuse_op_duration_seconds" => {
                let asked = sample.requests.ops.iter().filter(|op| op.durations.count > 0);
                let verbs = asked.map(|op| (Some(op.op.name()), &op.durations as &dyn Distribution));
                histogram::render(text, metric, verbs);
            }
            "kernel_notice_delay_seconds" => {
                let delays: &dyn Distribution = &sample.requests.notices.latency;
                histogram::render(text, metric, std::iter::once((None, delays)));
            }
            _ => {
                let verbs = cachefs::stats::BackingVerb::ALL.iter().filter_map(|verb| {
                    let spread = sample.engine.latency(*verb)?;
                    Some((Some(verb.name()), spread as &dyn Distribution))
                });
                histogram::render(text, metric, verbs);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::time::Duration;

    use cachefs::stats::{BackingVerb, Counter, Stats};
    use cachefs_fuse::{ErrorCount, HistogramSnapshot, NoticeCount, NoticeKind, OpSnapshot};
    use cachefs_vfs::{WatchMethod, WatchUsage};
    use rustix::io::Errno;

    use super::*;
    use crate::exporter::Holdings;

    fn sample() -> Sample {
        let stats = Stats::new();
        stats.add(Counter::DataHit, 7);
        stats.count_backing(BackingVerb::Read, Duration::from_millis(2), false);
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
        let notices = NoticeSnapshot { sent, failed: 1, waiting: 2, ..NoticeSnapshot::default() };
        let requests =
            RequestSnapshot { ops, errors, in_flight: 1, inodes: 5, notices, ..RequestSnapshot::default() };
        let holdings = Holdings { bytes: 4096, capacity_bytes: 1 << 20, blocks: 1, ..Holdings::default() };
        let usage = WatchUsage { events: 9, own: 2, overflows: 1, marks: 4 };
        let lost = Some(cachefs_vfs::Error::unsupported());
        let method = WatchMethod::Directories;
        let watch = Some(WatchStatus { method, usage, lost, uncovered_dirs: 3, files_rechecked: 6 });
        let back = Some(Dirty {
            dirty_bytes: 11,
            oldest_dirty_age_seconds: 1.5,
            flushes: 3,
            throttled_seconds: 0.25,
            journal_bytes: 4096,
            ..Dirty::default()
        });
        Sample { engine: stats.snapshot(), requests, holdings, watch, warm_remaining_files: 2, back }
    }

    fn info() -> MountInfo {
        let (mount, backend) = ("/mnt/a\"b".to_owned(), "local");
        MountInfo { mount, backend, profile: "pages", mode: "through", durability: None, coherence: "watch" }
    }

    fn text() -> String {
        Bridge::new(&info()).render(&sample())
    }

    #[test]
    fn numbers_arrive_under_their_names() {
        let text = text();
        for line in [
            "cachefs_cache_requests_total{cache=\"data\",result=\"hit\"} 7",
            "cachefs_backend_ops_total{op=\"read\",result=\"ok\"} 1",
            "cachefs_backend_op_duration_seconds_sum{op=\"read\"} 0.002",
            "cachefs_fuse_ops_total{op=\"lookup\",result=\"ok\"} 2",
            "cachefs_fuse_ops_total{op=\"lookup\",result=\"error\"} 1",
            "cachefs_fuse_ops_total{op=\"forget\",result=\"ok\"} 9",
            "cachefs_fuse_errors_total{op=\"lookup\",errno=\"ENOENT\"} 1",
            "cachefs_fuse_op_duration_seconds_count{op=\"lookup\"} 3",
            "cachefs_cache_bytes{tier=\"memory\"} 4096",
            "cachefs_warm_remaining_files 2",
            "cachefs_mount_info{mount=\"/mnt/a\\\"b\",backend=\"local\",profile=\"pages\",mode=\"through\",coherence=\"watch\"} 1",
            "cachefs_writeback_dirty_bytes 11",
            "cachefs_writeback_oldest_dirty_age_seconds 1.5",
            "cachefs_writeback_flushes_total{result=\"ok\"} 3",
            "cachefs_writeback_throttled_seconds_total 0.25",
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
            "cachefs_kernel_notice_delay_seconds_count 0",
            "# TYPE cachefs_cache_requests_total counter",
            "# TYPE cachefs_cache_bytes gauge",
            "# HELP cachefs_cache_coalesced_total Blocks that waited for a load somebody else had begun.",
        ] {
            assert!(text.lines().any(|shown| shown == line), "{line} in\n{text}");
        }
    }

    #[test]
    fn what_is_exported_is_in_the_table_and_the_other_way_round() {
        let text = text();
        let exported: HashSet<(&str, &str)> = text
            .lines()
            .filter_map(|line| line.strip_prefix("# TYPE "))
            .filter_map(|line| line.split_once(' '))
            .collect();
        let kinds = |metric: &Metric| match metric.kind {
            Kind::Counter | Kind::Seconds => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        let names: Vec<(String, &str)> =
            METRICS.iter().map(|metric| (format!("{PREFIX}{}", metric.name), kinds(metric))).collect();
        let table: HashSet<(&str, &str)> = names.iter().map(|(name, kind)| (name.as_str(), *kind)).collect();
        assert_eq!(exported, table);
    }

    #[test]
    fn each_line_is_of_the_text_format() {
        let text = text();
        let helped = text.lines().filter(|line| line.starts_with("# HELP ")).count();
        assert_eq!(helped, METRICS.len());
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with("# ")) {
            let (series, value) = line.rsplit_once(' ').expect(line);
            assert!(value.parse::<f64>().is_ok(), "{line}");
            let name = series.split('{').next().unwrap_or_default();
            assert!(
                name.starts_with(PREFIX) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'),
                "{line}"
            );
            assert_eq!(series.contains('{'), series.ends_with('}'), "{line}");
        }
    }

    #[test]
    fn counters_do_not_add_up_over_scrapes() {
        let bridge = Bridge::new(&info());
        let shown = |text: &str| text.lines().filter(|line| line.contains("} 7")).count();
        assert_eq!(shown(&bridge.render(&sample())), shown(&bridge.render(&sample())));
    }
}
