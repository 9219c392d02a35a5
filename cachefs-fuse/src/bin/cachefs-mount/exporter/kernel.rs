//! What the kernel asked for, and what it was told.

use std::time::Duration;

use cachefs_fuse::{HistogramSnapshot, NoticeSnapshot, Op, RequestSnapshot};
use cachefs_metrics::{Distribution, Metric, Report, Spread};

use super::errno;

pub(super) fn add(requests: &RequestSnapshot, report: &mut Report) {
    for snapshot in &requests.ops {
        let op = snapshot.op.name();
        let same = requests.errors.iter().filter(|error| error.op == snapshot.op);
        let failed: u64 = same.map(|error| error.count).sum();
        // The kernel expects no answer to a forget.
        let done = if snapshot.op == Op::Forget { snapshot.received } else { snapshot.durations.count };
        report.whole(Metric::FuseOps, &[("op", op), ("result", "ok")], done.saturating_sub(failed));
        report.whole(Metric::FuseOps, &[("op", op), ("result", "error")], failed);
        if snapshot.durations.count > 0 {
            let spread = Spread::of(&Counted(&snapshot.durations));
            report.spread(Metric::FuseOpDuration, &[("op", op)], spread);
        }
    }
    for error in &requests.errors {
        let errno = errno::name(error.errno);
        report.whole(Metric::FuseErrors, &[("op", error.op.name()), ("errno", &errno)], error.count);
    }
    report.whole(Metric::FuseTimeouts, &[], requests.timed_out);
    report.whole(Metric::FuseInflight, &[], requests.in_flight);
    report.whole(Metric::FuseInodes, &[], requests.inodes);
    report.whole(Metric::FuseHandles, &[("state", "open")], requests.handles);
    report.whole(Metric::FuseHandles, &[("state", "pinned")], requests.pinned);
    add_notices(&requests.notices, report);
}

fn add_notices(notices: &NoticeSnapshot, report: &mut Report) {
    for sent in &notices.sent {
        report.whole(Metric::KernelNotices, &[("kind", sent.kind.name())], sent.count);
    }
    report.whole(Metric::KernelNoticesFailed, &[], notices.failed);
    report.whole(Metric::KernelNoticeOverflows, &[], notices.overflows);
    report.whole(Metric::KernelNoticesWaiting, &[], notices.waiting);
    report.whole(Metric::GrownByOthers, &[], notices.grown);
    report.spread(Metric::KernelNoticeDelay, &[], Spread::of(&Counted(&notices.latency)));
}

/// What the mount counted.
struct Counted<'a>(&'a HistogramSnapshot);

impl Distribution for Counted<'_> {
    fn up_to(&self, bound: Duration) -> u64 {
        self.0.buckets.iter().take_while(|(upper, _)| *upper <= bound).map(|(_, count)| count).sum()
    }

    fn count(&self) -> u64 {
        self.0.count
    }

    fn sum(&self) -> Duration {
        self.0.sum
    }

    fn quantile(&self, share: f64) -> Duration {
        self.0.quantile(share).unwrap_or_default()
    }
}
