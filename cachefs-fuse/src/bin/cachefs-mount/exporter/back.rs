//! What is written back.

use cachefs_fuse::control::Dirty;
use cachefs_metrics::{Metric, Report};

/// Where nothing is written back, all of it is 0.
pub(super) fn add(back: &Dirty, report: &mut Report) {
    for (metric, value) in [
        (Metric::DirtyBytes, back.dirty_bytes),
        (Metric::DirtyMaxBytes, back.dirty_max_bytes),
        (Metric::DirtyMemoryBytes, back.dirty_memory_bytes),
        (Metric::DirtyMemoryMaxBytes, back.dirty_memory_max_bytes),
        (Metric::DirtyFiles, back.dirty_files),
        (Metric::FlushedBytes, back.flushed_bytes),
        (Metric::Conflicts, back.conflicts),
        (Metric::LostBytes, back.lost_bytes),
        (Metric::HangingFiles, back.hanging),
        (Metric::IsThrough, back.through.is_some().into()),
        (Metric::ThroughWrites, back.through_writes),
        (Metric::JournalBytes, back.journal_bytes),
        (Metric::JournalMaxBytes, back.journal_max_bytes),
    ] {
        report.whole(metric, &[], value);
    }
    report.whole(Metric::Flushes, &[("result", "ok")], back.flushes);
    report.whole(Metric::Flushes, &[("result", "error")], back.flush_failures);
    report.real(Metric::DirtyAge, &[], back.oldest_dirty_age_seconds);
    report.real(Metric::Throttled, &[], back.throttled_seconds);
}
