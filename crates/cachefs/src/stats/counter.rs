//! The table of counters: every name, label and meaning is written here and nowhere else.

macro_rules! counters {
    ($($variant:ident, $name:literal, [$($key:literal = $value:literal),*], $help:literal;)+) => {
        /// What is counted. Counters only grow; bytes where the name says so, events otherwise.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Counter {
            $(#[doc = $help] $variant,)+
        }

        impl Counter {
            /// All of them, in the order of the table; those of one name stand together.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name, shared by counters that differ in labels: lower case, unit before `_total`, without the `cachefs_` it is exported under.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What tells it from others of the same name.
            #[must_use]
            pub const fn labels(self) -> &'static [(&'static str, &'static str)] {
                match self { $(Self::$variant => &[$(($key, $value)),*],)+ }
            }

            /// What it means, in one sentence.
            #[must_use]
            pub const fn help(self) -> &'static str {
                match self { $(Self::$variant => $help,)+ }
            }
        }
    };
}

counters! {
    DataHit, "cache_requests_total", ["cache" = "data", "result" = "hit"], "Blocks answered from memory.";
    DataMiss, "cache_requests_total", ["cache" = "data", "result" = "miss"], "Blocks whose load was begun; one that waits for another's load is coalesced, not missed.";
    DataBypass, "cache_requests_total", ["cache" = "data", "result" = "bypass"], "Reads that went past the cache: asked for directly, or no memory was free.";
    AttrHit, "cache_requests_total", ["cache" = "attr", "result" = "hit"], "Attributes answered from memory.";
    AttrMiss, "cache_requests_total", ["cache" = "attr", "result" = "miss"], "Attributes asked of the backing.";
    NameHit, "cache_requests_total", ["cache" = "dentry", "result" = "hit"], "Names found in memory.";
    NameMiss, "cache_requests_total", ["cache" = "dentry", "result" = "miss"], "Names asked of the backing, whatever the answer.";
    NegativeHit, "cache_requests_total", ["cache" = "negative", "result" = "hit"], "Names known not to exist.";
    NegativeMiss, "cache_requests_total", ["cache" = "negative", "result" = "miss"], "Names the backing was asked for and did not have.";
    ListingHit, "cache_requests_total", ["cache" = "readdir", "result" = "hit"], "Directory reads answered from memory.";
    ListingMiss, "cache_requests_total", ["cache" = "readdir", "result" = "miss"], "Directory reads that went to the backing.";
    MissCold, "cache_misses_total", ["reason" = "cold"], "Blocks missed that were never here, as far as is remembered.";
    MissEvicted, "cache_misses_total", ["reason" = "evicted"], "Blocks missed that were evicted before (remembered approximately, for a bounded number of evictions).";
    MissInvalidated, "cache_misses_total", ["reason" = "invalidated"], "Blocks missed because the file was changed by others.";
    MissExpired, "cache_misses_total", ["reason" = "expired"], "Blocks missed because their lifetime was over.";
    MissPolicy, "cache_misses_total", ["reason" = "policy"], "Blocks missed that the write mode or admission had kept out.";
    MissError, "cache_misses_total", ["reason" = "error"], "Blocks missed because the load before this one failed.";
    HitBytes, "cache_request_bytes_total", ["result" = "hit"], "Bytes read from memory.";
    MissBytes, "cache_request_bytes_total", ["result" = "miss"], "Bytes read that a load from the backing supplied.";
    BypassBytes, "cache_request_bytes_total", ["result" = "bypass"], "Bytes read past the cache.";
    Coalesced, "cache_coalesced_total", [], "Blocks that waited for a load somebody else had begun.";
    Fills, "cache_fills_total", ["result" = "ok"], "Blocks loaded.";
    FillErrors, "cache_fills_total", ["result" = "error"], "Block loads that failed or were given up.";
    FillsStale, "cache_fills_total", ["result" = "stale"], "Blocks loaded but not kept: the file changed meanwhile.";
    EvictedForBytes, "cache_evictions_total", ["reason" = "bytes"], "Blocks evicted to make room for bytes.";
    EvictedForEntries, "cache_evictions_total", ["reason" = "entries"], "Blocks evicted to make room for another entry.";
    EvictedBytes, "cache_evicted_bytes_total", [], "Memory that evictions freed, in bytes of capacity.";
    AdmissionRefused, "cache_admission_refused_total", [], "Times no memory could be had because all of it was in use.";
    InvalidatedTtl, "invalidations_total", ["source" = "ttl"], "Files found changed by others when a lifetime was over.";
    InvalidatedOpen, "invalidations_total", ["source" = "open"], "Files found changed by others by a read, a write or an opening.";
    InvalidatedWatch, "invalidations_total", ["source" = "watch"], "Files that the watch told of as changed by others.";
    InvalidatedManual, "invalidations_total", ["source" = "manual"], "Paths invalidated by request.";
    NoticesData, "watch_notices_total", ["kind" = "data"], "Notices of the watch that bytes of a file changed, or may have.";
    NoticesAttr, "watch_notices_total", ["kind" = "attr"], "Notices of the watch that attributes changed.";
    NoticesNames, "watch_notices_total", ["kind" = "name"], "Notices of the watch that a name was made, removed or moved.";
    NoticesOpened, "watch_notices_total", ["kind" = "opened"], "Notices of the watch that somebody opened a file.";
    NoticesGone, "watch_notices_total", ["kind" = "gone"], "Notices of the watch that a file is gone for good.";
    NoticesOverflow, "watch_notices_total", ["kind" = "overflow"], "Times notices were lost, after which everything was checked.";
    NoticesLost, "watch_notices_total", ["kind" = "lost"], "Times the watch itself was lost.";
    WritersRechecked, "writers_rechecked_total", [], "Looks at files that others may have open for writing.";
    ReadaheadBytes, "readahead_bytes_total", ["result" = "loaded"], "Bytes loaded ahead of a sequential reader.";
    ReadaheadUsedBytes, "readahead_bytes_total", ["result" = "used"], "Bytes loaded ahead in blocks that were read later.";
    ReadaheadWastedBytes, "readahead_bytes_total", ["result" = "wasted"], "Bytes loaded ahead in blocks that left unread.";
    ReadaheadDropped, "readahead_dropped_total", [], "Readaheads not begun because the background queue was full.";
    BackingReadBytes, "backend_bytes_total", ["dir" = "read"], "Bytes read from the backing.";
    BackingWrittenBytes, "backend_bytes_total", ["dir" = "write"], "Bytes written to the backing.";
    WarmFiles, "warm_files_total", ["result" = "ok"], "Files warmed.";
    WarmErrors, "warm_files_total", ["result" = "error"], "Files that could not be warmed.";
    WarmBytes, "warm_bytes_total", [], "Bytes warmed.";
    JobsPanicked, "jobs_panicked_total", [], "Background jobs that panicked.";
}

impl Counter {
    pub(super) const COUNT: usize = Self::ALL.len();

    pub(super) const fn index(self) -> usize {
        self as usize
    }
}

/// Why a block had to be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MissReason {
    /// It was never here, as far as is remembered.
    Cold,
    /// It was evicted.
    Evicted,
    /// The file was changed by others.
    Invalidated,
    /// Its lifetime was over.
    Expired,
    /// The write mode or admission kept it out.
    Policy,
    /// The load before failed.
    Error,
}

impl MissReason {
    /// Where it is counted, besides [`Counter::DataMiss`].
    #[must_use]
    pub const fn counter(self) -> Counter {
        match self {
            Self::Cold => Counter::MissCold,
            Self::Evicted => Counter::MissEvicted,
            Self::Invalidated => Counter::MissInvalidated,
            Self::Expired => Counter::MissExpired,
            Self::Policy => Counter::MissPolicy,
            Self::Error => Counter::MissError,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_with_labels_are_unique_and_well_formed() {
        let mut seen = HashSet::new();
        for &counter in Counter::ALL {
            assert!(seen.insert((counter.name(), counter.labels())), "{counter:?}");
            assert!(
                counter.name().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
                "{counter:?}"
            );
            assert!(counter.help().ends_with('.'), "{counter:?}");
            assert_eq!(Counter::ALL[counter.index()], counter);
        }
    }

    #[test]
    fn counters_of_one_name_stand_together() {
        let mut names: Vec<&str> = Counter::ALL.iter().map(|counter| counter.name()).collect();
        names.dedup();
        let unique: HashSet<&str> = names.iter().copied().collect();
        assert_eq!(names.len(), unique.len());
    }
}
