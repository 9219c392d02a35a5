//! The table of metrics: every name, type, unit, label and meaning is written here and nowhere else. What is exported,
//! `docs/metrics.md`, the dashboard and the alert rules are tested against it.

macro_rules! metrics {
    ($($variant:ident, $name:literal, $kind:ident, $unit:ident, [$($label:literal),*], $help:literal;)+) => {
        /// A metric that is exported.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Metric {
            $(#[doc = $help] $variant,)+
        }

        impl Metric {
            /// All of them, in the order in which they are shown.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The whole name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The type Prometheus is told.
            #[must_use]
            pub const fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind,)+ }
            }

            /// What the numbers are of.
            #[must_use]
            pub const fn unit(self) -> Unit {
                match self { $(Self::$variant => Unit::$unit,)+ }
            }

            /// The names of its labels; a series may lack some.
            #[must_use]
            pub const fn labels(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($label),*],)+ }
            }

            /// What it means, in one sentence or two.
            #[must_use]
            pub const fn help(self) -> &'static str {
                match self { $(Self::$variant => $help,)+ }
            }
        }
    };
}

metrics! {
    BuildInfo, "cachefs_build_info", Gauge, Number, ["version"], "Always 1; the version is in the label.";
    MountInfo, "cachefs_mount_info", Gauge, Number, ["mount", "backend", "profile", "mode", "coherence", "durability", "assume_no_growth"], "Always 1; what is mounted how is in the labels.";
    FuseOps, "cachefs_fuse_ops_total", Counter, Number, ["op", "result"], "Requests of the kernel answered, by verb. What the kernel answers itself is not seen.";
    FuseErrors, "cachefs_fuse_errors_total", Counter, Number, ["op", "errno"], "Requests answered with an error, by errno. A missing name the kernel may remember is none.";
    FuseTimeouts, "cachefs_fuse_timeouts_total", Counter, Number, [], "Requests answered ETIMEDOUT because the source hung.";
    FuseOpDuration, "cachefs_fuse_op_duration_seconds", Histogram, Seconds, ["op"], "From a request's receipt to its answer.";
    FuseInflight, "cachefs_fuse_inflight", Gauge, Number, [], "Requests received and not yet answered.";
    FuseInodes, "cachefs_fuse_inodes", Gauge, Number, [], "Inodes the kernel knows.";
    FuseHandles, "cachefs_fuse_handles", Gauge, Number, ["state"], "Handles the mount keeps: open ones can be closed for others, pinned ones must stay.";
    CacheRequests, "cachefs_cache_requests_total", Counter, Number, ["cache", "result"], "Look-ups in the cache, by what was looked up and how it went.";
    CacheMisses, "cachefs_cache_misses_total", Counter, Number, ["reason"], "Blocks that had to be loaded, by reason.";
    CacheRequestBytes, "cachefs_cache_request_bytes_total", Counter, Bytes, ["result"], "Bytes read, by where they came from: memory, a load from the source, or past the cache.";
    CacheCoalesced, "cachefs_cache_coalesced_total", Counter, Number, [], "Blocks that waited for a load somebody else had begun.";
    CacheFills, "cachefs_cache_fills_total", Counter, Number, ["result"], "Blocks loaded.";
    CacheEvictions, "cachefs_cache_evictions_total", Counter, Number, ["reason"], "Blocks evicted, by what there was too little of.";
    CacheEvictedBytes, "cachefs_cache_evicted_bytes_total", Counter, Bytes, [], "Memory that evictions freed.";
    CacheAdmissionRefused, "cachefs_cache_admission_refused_total", Counter, Number, [], "Times no memory could be had because all of it was in use.";
    CacheBytes, "cachefs_cache_bytes", Gauge, Bytes, ["tier"], "Memory that holds file contents.";
    CacheIdleBytes, "cachefs_cache_idle_bytes", Gauge, Bytes, ["tier"], "The part of it that is idle, kept for the next block.";
    CacheCapacityBytes, "cachefs_cache_capacity_bytes", Gauge, Bytes, ["tier"], "Memory that may hold file contents.";
    CachePinnedBytes, "cachefs_cache_pinned_bytes", Gauge, Bytes, ["tier"], "Memory that the contents of pinned files take.";
    CachePinnedFiles, "cachefs_cache_pinned_files", Gauge, Number, [], "Files that are pinned.";
    CacheEntries, "cachefs_cache_entries", Gauge, Number, ["cache"], "Entries held, by what they are.";
    CacheLoadsInflight, "cachefs_cache_loads_inflight", Gauge, Number, [], "Blocks being loaded.";
    Invalidations, "cachefs_invalidations_total", Counter, Number, ["source"], "Files or paths found or declared changed by others.";
    WatchEvents, "cachefs_watch_events_total", Counter, Number, ["by"], "Changes to the source the system told of, by who made them.";
    WatchOverflows, "cachefs_watch_overflows_total", Counter, Number, [], "Times the system dropped changes; everything was checked again then.";
    WatchNotices, "cachefs_watch_notices_total", Counter, Number, ["kind"], "What the watch told the cache, by kind.";
    WatchLost, "cachefs_watch_lost", Gauge, Number, [], "1 if the watch is over; each open and look-up asks the source then.";
    WatchMarks, "cachefs_watch_marks", Gauge, Number, [], "Places under watch.";
    WatchUncovered, "cachefs_watch_uncovered_directories", Gauge, Number, [], "Directories and files that could not be put under watch.";
    WatchRechecked, "cachefs_watch_rechecked_files", Gauge, Number, [], "Files checked each second, for others may have them open for writing.";
    WritersRechecked, "cachefs_writers_rechecked_total", Counter, Number, [], "Looks at files that others may have open for writing.";
    KernelNotices, "cachefs_kernel_notices_total", Counter, Number, ["kind"], "Notices to the kernel of changes by others, by kind.";
    KernelNoticesFailed, "cachefs_kernel_notices_failed_total", Counter, Number, [], "Notices the kernel refused.";
    KernelNoticeOverflows, "cachefs_kernel_notice_overflows_total", Counter, Number, [], "Times all that the kernel knew was taken back at once.";
    KernelNoticesWaiting, "cachefs_kernel_notices_waiting", Gauge, Number, [], "Notices the kernel has not been given yet.";
    KernelNoticeDelay, "cachefs_kernel_notice_delay_seconds", Histogram, Seconds, [], "From when the mount was told of a change until the kernel was told.";
    GrownByOthers, "cachefs_grown_by_others_total", Counter, Number, [], "Times others made a file longer in place, against --assume-no-growth.";
    ReadaheadBytes, "cachefs_readahead_bytes_total", Counter, Bytes, ["result"], "Bytes loaded ahead of sequential readers.";
    ReadaheadDropped, "cachefs_readahead_dropped_total", Counter, Number, [], "Readaheads not begun because the background queue was full.";
    BackendOps, "cachefs_backend_ops_total", Counter, Number, ["op", "result"], "Calls to the source.";
    BackendOpDuration, "cachefs_backend_op_duration_seconds", Histogram, Seconds, ["op"], "How long calls to the source took.";
    BackendBytes, "cachefs_backend_bytes_total", Counter, Bytes, ["dir"], "Bytes read from and written to the source.";
    BackendInflight, "cachefs_backend_inflight", Gauge, Number, [], "Calls the source has not answered yet.";
    BackendHandles, "cachefs_backend_handles", Gauge, Number, [], "Files and directories of the source kept open by the cache.";
    DirtyBytes, "cachefs_writeback_dirty_bytes", Gauge, Bytes, [], "Bytes written that are not in the source yet.";
    DirtyMaxBytes, "cachefs_writeback_dirty_max_bytes", Gauge, Bytes, [], "Bytes there may be of these.";
    DirtyMemoryBytes, "cachefs_writeback_memory_bytes", Gauge, Bytes, [], "Memory that it takes to know where these lie, in bytes.";
    DirtyMemoryMaxBytes, "cachefs_writeback_memory_max_bytes", Gauge, Bytes, [], "Bytes of memory it may take.";
    DirtyFiles, "cachefs_writeback_dirty_files", Gauge, Number, [], "Files they are of.";
    DirtyAge, "cachefs_writeback_oldest_dirty_age_seconds", Gauge, Seconds, [], "How long the oldest of them wait.";
    Flushes, "cachefs_writeback_flushes_total", Counter, Number, ["result"], "Files written to the source, or not.";
    FlushedBytes, "cachefs_writeback_flushed_bytes_total", Counter, Bytes, [], "Bytes written to the source from the journal.";
    Throttled, "cachefs_writeback_throttled_seconds_total", Counter, Seconds, [], "How long writers were slowed, all together.";
    Conflicts, "cachefs_writeback_conflicts_total", Counter, Number, [], "Files others had changed, too: both versions were kept.";
    LostBytes, "cachefs_writeback_lost_bytes_total", Counter, Bytes, [], "Bytes that were acknowledged and are nowhere any more.";
    HangingFiles, "cachefs_writeback_hanging_files", Gauge, Number, [], "Files being written back that the source does not answer for.";
    IsThrough, "cachefs_writeback_is_through", Gauge, Number, [], "1 if writes go straight to the source for the journal cannot be used.";
    ThroughWrites, "cachefs_writeback_through_writes_total", Counter, Number, [], "Writes that went straight to the source for the journal could not be used.";
    JournalBytes, "cachefs_journal_bytes", Gauge, Bytes, [], "The journal on its disk.";
    JournalMaxBytes, "cachefs_journal_max_bytes", Gauge, Bytes, [], "What it may be at most.";
    WarmFiles, "cachefs_warm_files_total", Counter, Number, ["result"], "Files warmed, or not.";
    WarmBytes, "cachefs_warm_bytes_total", Counter, Bytes, [], "Bytes warmed.";
    WarmRemaining, "cachefs_warm_remaining_files", Gauge, Number, [], "Files found but not yet warmed.";
    JobsPanicked, "cachefs_jobs_panicked_total", Counter, Number, [], "Background jobs that panicked.";
    ProcessCpu, "process_cpu_seconds_total", Counter, Seconds, [], "Processor time of the mount's process, its own and the system's for it.";
    ProcessMemory, "process_resident_memory_bytes", Gauge, Bytes, [], "Memory of the mount's process.";
    ProcessThreads, "process_threads", Gauge, Number, [], "Threads of the mount's process.";
    ProcessFds, "process_open_fds", Gauge, Number, [], "Descriptors the mount's process has open.";
    ProcessFdsMax, "process_max_fds", Gauge, Number, [], "Descriptors it may have open.";
    ProcessStart, "process_start_time_seconds", Gauge, Seconds, [], "When the mount's process began, in seconds since 1970.";
}

impl Metric {
    /// The one of this name, without the `cachefs_` as the engine has it.
    pub(crate) fn of_engine(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|metric| metric.name().strip_prefix("cachefs_") == Some(name))
    }
}

/// The type of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows, until the process ends.
    Counter,
    /// It goes up and down.
    Gauge,
    /// Durations, counted by length.
    Histogram,
}

impl Kind {
    /// As Prometheus calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// What a number is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things or events.
    Number,
    /// Bytes.
    Bytes,
    /// Seconds, with fractions.
    Seconds,
}

impl Unit {
    /// As the documentation and JSON call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Bytes => "bytes",
            Self::Seconds => "seconds",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use cachefs::stats::Counter;

    use super::*;

    #[test]
    fn names_follow_the_conventions() {
        let names: HashSet<_> = Metric::ALL.iter().map(|metric| metric.name()).collect();
        assert_eq!(names.len(), Metric::ALL.len());
        for metric in Metric::ALL.iter().copied() {
            let name = metric.name();
            let counts = metric.kind() == Kind::Counter;
            assert_eq!(counts, name.ends_with("_total"), "{name}");
            let stem = name.strip_suffix("_total").unwrap_or(name);
            assert_eq!(metric.unit() == Unit::Bytes, stem.ends_with("_bytes"), "{name}");
            assert_eq!(metric.unit() == Unit::Seconds, stem.ends_with("_seconds"), "{name}");
            assert!(name.starts_with("cachefs_") || name.starts_with("process_"), "{name}");
            assert!(metric.help().ends_with('.') && !metric.help().contains(['\\', '\n']), "{name}");
        }
    }

    #[test]
    fn whatever_the_engine_counts_is_in_the_table_with_its_labels() {
        for counter in Counter::ALL {
            let metric = Metric::of_engine(counter.name());
            let metric = metric.unwrap_or_else(|| panic!("{counter:?} is not in the table"));
            assert_eq!(metric.kind(), Kind::Counter, "{counter:?}");
            let labels: Vec<_> = counter.labels().iter().map(|(label, _)| *label).collect();
            assert_eq!(labels, metric.labels(), "{counter:?}");
        }
    }
}
