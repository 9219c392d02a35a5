use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Status;

/// What `stat` answers: everything there is to tell of a mount. Counts are since it was mounted. What the kernel serves
/// from its own pages, names and attributes is asked of nobody, and is in none of these numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stat {
    /// As `status` answers.
    pub mount: Status,
    /// What was answered from memory, by kind of cache.
    pub caches: Vec<CacheUse>,
    /// Bytes read.
    pub bytes: ByteUse,
    /// Blocks missed, by reason.
    pub misses: BTreeMap<String, u64>,
    /// What is held now.
    pub held: Holding,
    /// What had to go.
    pub evictions: Evictions,
    /// What the source was asked.
    pub source: SourceUse,
    /// What the kernel asked.
    pub requests: RequestUse,
    /// How changes by others are seen now.
    pub coherence: CoherenceTold,
}

/// One kind of cache.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CacheUse {
    /// `data`, `attr`, `dentry`, `negative` or `readdir`.
    pub cache: String,
    /// Answered from memory.
    pub hits: u64,
    /// Asked of the source, those that waited for another's question included.
    pub misses: u64,
    /// Asked of the source past the cache.
    pub bypassed: u64,
    /// The share (0 to 1) of hits; missing where nothing was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hit_ratio: Option<f64>,
}

/// Bytes read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ByteUse {
    /// From memory.
    pub hit: u64,
    /// Which a load from the source supplied.
    pub missed: u64,
    /// Past the cache.
    pub bypassed: u64,
    /// The share (0 to 1) from memory; missing where nothing was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hit_ratio: Option<f64>,
}

/// What a cache holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Holding {
    /// Blocks of file contents.
    pub blocks: u64,
    /// Files that are pinned.
    pub pinned_files: u64,
    /// Memory that their contents take.
    pub pinned_bytes: u64,
    /// Inodes whose attributes are known.
    pub attributes: u64,
    /// Names known, missing ones included.
    pub names: u64,
    /// Directory entries in listings.
    pub listing_entries: u64,
    /// Files and directories of the source kept open.
    pub handles: u64,
}

/// What had to go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Evictions {
    /// Blocks.
    pub blocks: u64,
    /// Memory that freed, in bytes.
    pub bytes: u64,
    /// Times no memory could be had, for all of it was in use.
    pub refused: u64,
}

/// How long something took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Latency {
    /// How often.
    pub count: u64,
    /// On average.
    pub mean_seconds: f64,
    /// Half of them took no longer.
    pub p50_seconds: f64,
    /// 95 of 100 took no longer.
    pub p95_seconds: f64,
    /// 99 of 100 took no longer.
    pub p99_seconds: f64,
}

/// How long one kind of call took.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OpLatency {
    /// Which.
    pub op: String,
    /// How long.
    #[serde(flatten)]
    pub latency: Latency,
}

/// What the source was asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceUse {
    /// Calls it answered.
    pub calls: u64,
    /// Of these, with an error.
    pub errors: u64,
    /// Calls it has not answered yet.
    pub in_flight: u64,
    /// Bytes read from it.
    pub read_bytes: u64,
    /// Bytes written to it.
    pub written_bytes: u64,
    /// By call, those that were made.
    pub ops: Vec<OpLatency>,
}

/// What the kernel asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestUse {
    /// Requests received.
    pub received: u64,
    /// Answered with an error; a name that does not exist is none.
    pub errors: u64,
    /// Answered with an error because the source did not answer in time.
    pub timed_out: u64,
    /// Not answered yet.
    pub in_flight: u64,
    /// Inodes the kernel knows.
    pub inodes: u64,
    /// Of all requests, from receipt to answer.
    pub all: Latency,
    /// The durations behind it: an upper bound in seconds, and how many requests took that long but longer than the
    /// bound before.
    pub durations: Vec<(f64, u64)>,
    /// By kind of request, those that came.
    pub ops: Vec<OpLatency>,
}

/// How changes by others are seen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CoherenceTold {
    /// `watch`, `open`, `ttl` or `single`.
    pub mode: String,
    /// Of the watch, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watch: Option<WatchTold>,
    /// Why there is no watch, where one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_watch: Option<String>,
}

/// The state of a watch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WatchTold {
    /// By what means: `filesystem`, `directories` or `inotify`.
    pub method: String,
    /// Whether it stands.
    pub valid: bool,
    /// Why it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why_not: Option<String>,
    /// Notices taken in.
    pub events: u64,
    /// Times notices were lost, after which everything was checked.
    pub overflows: u64,
    /// Directories that could not be put under watch: what is in them is believed for a time only.
    pub uncovered_dirs: u64,
    /// Files that others may be writing to, which are looked at once a second.
    pub files_rechecked: u64,
}
