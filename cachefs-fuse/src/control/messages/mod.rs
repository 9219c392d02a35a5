//! What the verbs take and tell, as fields of requests and replies.

mod bundle;
mod files;
mod mrc;
mod stat;
mod warming;

use std::path::Path;

use serde::{Deserialize, Serialize};

pub use bundle::{BundleTold, SetArguments, SetTold};
pub use files::{
    Entry, FileStatus, ForgetArguments, Forgotten, Listed, PathArguments, PinTold, Queue, QueueArguments,
    Version, Waiting,
};
pub use mrc::{Mrc, MrcPoint};
pub use stat::{
    ByteUse, CacheUse, CoherenceTold, Evictions, Holding, Latency, OpLatency, RequestUse, SourceUse, Stat,
    WatchTold,
};
pub use warming::{WarmArguments, WarmFar, WarmTold};

/// What `flush` takes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FlushArguments {
    /// A file or directory, relative to the mount; all of it if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// How long to try at most; as long as it takes if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<f64>,
}

/// What `umount` takes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UmountArguments {
    /// Also while programs use the mount: they are served until they are gone.
    pub lazy: bool,
    /// Nothing is written back before the mount leaves the tree: whoever forces it does not want to wait.
    pub force: bool,
    /// How long to write back at most; what remains then stays in the journal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<f64>,
}

/// How far writing back is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Far {
    /// Bytes written since it began.
    pub bytes_done: u64,
    /// Bytes that wait.
    pub bytes_left: u64,
    /// Files written since it began.
    pub files_done: u64,
    /// Files that wait.
    pub files_left: u64,
    /// How fast it goes, since it began.
    pub bytes_per_second: f64,
    /// How long it takes at that rate; missing while nothing moves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds_left: Option<f64>,
}

/// How writing back ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Outcome {
    /// Bytes of what was asked for that are not in the source.
    pub dirty_bytes: u64,
    /// In how many files.
    pub dirty_files: u64,
    /// Which they are, the first of them.
    pub left: Vec<Left>,
    /// Files that others had changed since this mount began: ours are beside them.
    pub conflicts: u64,
    /// Bytes that were acknowledged and are nowhere any more.
    pub lost_bytes: u64,
    /// The journal that holds what is left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub journal: Option<String>,
    /// The mount is out of the tree, and served until those who use it are gone.
    pub detached: bool,
}

/// A file that is not written back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Left {
    /// Relative to the source; what is no text is replaced.
    pub path: String,
    /// How much of it.
    pub bytes: u64,
    /// What keeps it from being written, if it was tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// How a mount is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Status {
    /// What is mounted.
    pub source: String,
    /// Where.
    pub mountpoint: String,
    /// Who serves it.
    pub pid: u32,
    /// The version of the program that does.
    pub program_version: String,
    /// `serving`; `detached` while it is out of the tree but in use; `draining` once it is unmounted.
    pub stage: String,
    /// How long it has been served.
    pub uptime_seconds: f64,
    /// Which blocks go when memory is short.
    pub policy: String,
    /// Where writes go.
    pub mode: String,
    /// How the kernel serves what was read.
    pub profile: String,
    /// How changes by others are seen.
    pub coherence: String,
    /// Openings are spared: nobody else makes files longer in place.
    pub assume_no_growth: bool,
    /// Memory that holds file contents.
    pub memory_bytes: u64,
    /// Memory that may.
    pub memory_max_bytes: u64,
    /// What is written back; missing in other modes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub write_back: Option<Dirty>,
}

/// What is written back, and what waits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Dirty {
    /// `journal` or `backing`.
    pub durability: String,
    /// `always`, `everysec` or `never`.
    pub sync: String,
    /// Bytes that are not in the source.
    pub dirty_bytes: u64,
    /// The most there may be.
    pub dirty_max_bytes: u64,
    /// Memory that it takes to know where they lie, in bytes.
    pub dirty_memory_bytes: u64,
    /// The most it may take.
    pub dirty_memory_max_bytes: u64,
    /// In how many files.
    pub dirty_files: u64,
    /// How long the oldest of them wait.
    pub oldest_dirty_age_seconds: f64,
    /// The directory of the journal.
    pub journal: String,
    /// Its size.
    pub journal_bytes: u64,
    /// The most it may be.
    pub journal_max_bytes: u64,
    /// Files written back.
    pub flushes: u64,
    /// Tries to that failed.
    pub flush_failures: u64,
    /// Bytes written back.
    pub flushed_bytes: u64,
    /// How long writers were slowed, all together.
    pub throttled_seconds: f64,
    /// Files that others had changed: ours are beside them.
    pub conflicts: u64,
    /// Bytes that were acknowledged and are nowhere any more.
    pub lost_bytes: u64,
    /// Writes that went straight to the source.
    pub through_writes: u64,
    /// Why writes go straight to the source, if they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub through: Option<String>,
    /// Files that the source does not answer for; others are written back meanwhile.
    pub hanging: u64,
    /// The first of them.
    pub hung: Vec<Left>,
    /// Files that could not be written, the first of them.
    pub failing: Vec<Left>,
}

impl Left {
    /// A file with dirty bytes.
    #[must_use]
    pub fn new(path: &Path, bytes: u64, error: Option<String>) -> Self {
        Self { path: path.to_string_lossy().into_owned(), bytes, error }
    }
}
