use std::path::PathBuf;

use cachefs_vfs::Error;

/// How far warming is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WarmProgress {
    /// Files found up to now; more may come while it runs.
    pub found: u64,
    /// Of these, warmed.
    pub files: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Files that could not be warmed, and directories that could not be listed.
    pub errors: u64,
}

/// What warming did.
#[derive(Clone, Debug, Default)]
pub struct WarmReport {
    /// In numbers.
    pub total: WarmProgress,
    /// What could not be warmed, as far as the request has room for it.
    pub errors: Vec<WarmError>,
    /// Patterns that matched nothing.
    pub unmatched: Vec<String>,
    /// It stopped because it was cancelled.
    pub cancelled: bool,
    /// It stopped because the next file would not have fitted.
    pub full: bool,
}

/// Something that could not be warmed.
#[derive(Clone, Debug)]
pub struct WarmError {
    /// Where, from the root; the pattern, where its matching failed.
    pub path: PathBuf,
    /// Why.
    pub error: Error,
}
