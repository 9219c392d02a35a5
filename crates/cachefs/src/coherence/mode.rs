use std::time::Duration;

use cachefs_vfs::{Error, WatchHow, WatchMethod, WatchUsage};

/// How a cache meets changes that others make behind its back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coherence {
    /// It is told of them, and what it knows holds until then, however long. What the watch does not cover has the
    /// lifetimes of [`Coherence::Ttl`]. After lost notices everything is checked before it is answered again; after the
    /// loss of the watch itself it is as [`Coherence::Open`], for good.
    ///
    /// A change that this very process makes to the backing directly is taken for one of the cache's own, unless
    /// [`WatchHow::own`] is set; then, and with inotify, which cannot tell them apart, the cache's own writes look like
    /// others', too, and cost the cached bytes of the file.
    Watch(WatchHow),
    /// Close-to-open: names, attributes and listings are asked for each time, and so is the version of a file whenever
    /// it is opened; while it stays open, at most once a second.
    Open,
    /// What it knows holds for so long, whatever others do.
    Ttl(Duration),
    /// Nobody else changes the backing: what it knows holds for ever.
    Single,
}

/// How a cache meets changes by others at the moment.
#[derive(Clone, Debug)]
pub struct CoherenceStatus {
    /// As it was built.
    pub mode: Coherence,
    /// Of the watch, where there is one.
    pub watch: Option<WatchStatus>,
}

/// The state of a cache's watch of its backing.
#[derive(Clone, Debug)]
pub struct WatchStatus {
    /// By what means.
    pub method: WatchMethod,
    /// What it did so far, and holds.
    pub usage: WatchUsage,
    /// Why it is over, if it is.
    pub lost: Option<Error>,
    /// Directories (and files of several names) that could not be put under watch, up to now: what is in them has
    /// lifetimes.
    pub uncovered_dirs: u64,
    /// Files that are re-checked each second, for others may have them open for writing.
    pub files_rechecked: usize,
}
