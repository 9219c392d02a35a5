use cachefs_fuse::RequestSnapshot;
use cachefs_fuse::control::Dirty;
use cachefs_metrics::Observed;

/// Everything there is to tell, at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) engine: Observed,
    pub(crate) requests: RequestSnapshot,
    /// Files found by `--warm` but not yet read.
    pub(crate) warm_remaining_files: u64,
    /// `None` where nothing is written back.
    pub(crate) back: Option<Dirty>,
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
    /// Openings are spared: nobody else makes files longer in place.
    pub(crate) no_growth: bool,
}
