use cachefs::WatchStatus;
use cachefs::stats::Snapshot;
use cachefs_fuse::RequestSnapshot;
use cachefs_fuse::control::Dirty;

/// Everything there is to tell, at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) engine: Snapshot,
    pub(crate) requests: RequestSnapshot,
    pub(crate) holdings: Holdings,
    /// `None` where the source is not watched.
    pub(crate) watch: Option<WatchStatus>,
    /// Files found by `--warm` but not yet read.
    pub(crate) warm_remaining_files: u64,
    /// `None` where nothing is written back.
    pub(crate) back: Option<Dirty>,
}

/// What the engine holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Holdings {
    pub(crate) bytes: u64,
    pub(crate) capacity_bytes: u64,
    /// Blocks of file contents.
    pub(crate) blocks: u64,
    /// Inodes whose attributes are known.
    pub(crate) attributes: u64,
    /// Names known, missing ones included.
    pub(crate) names: u64,
    /// Directory entries in listings.
    pub(crate) listing_entries: u64,
    /// Files and directories of the source kept open.
    pub(crate) handles: u64,
    /// Calls the source has not answered yet.
    pub(crate) backing_inflight: u64,
}

/// What does not change while the mount lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MountInfo {
    /// Where it is mounted.
    pub(crate) mount: String,
    /// What kind of source it shows.
    pub(crate) backend: &'static str,
    /// How the kernel serves what was read.
    pub(crate) profile: &'static str,
    /// Where writes go.
    pub(crate) mode: &'static str,
    /// What fsync promises where they are written back.
    pub(crate) durability: Option<&'static str>,
    /// How changes by others are seen.
    pub(crate) coherence: &'static str,
}
