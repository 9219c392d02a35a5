use std::path::PathBuf;
use std::time::Duration;

use cachefs_vfs::Error;

/// How far warming is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WarmProgress {
    /// Files found up to now.
    pub found: u64,
    /// All files are found: there will be no more.
    pub all_found: bool,
    /// Of those found, warmed.
    pub files: u64,
    /// Bytes read, those of files under way included.
    pub bytes: u64,
    /// Files that could not be warmed, and directories that could not be listed.
    pub errors: u64,
    /// Files of a list that do not exist.
    pub missing: u64,
    /// Files of low priority that there was no room for.
    pub skipped: u64,
    /// Since it began.
    pub elapsed: Duration,
}

impl WarmProgress {
    /// Files that are done with, well or not.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.files + self.errors + self.missing + self.skipped
    }

    /// Bytes per second, since the start.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a rate: 52 bits are plenty")]
    pub fn rate(&self) -> f64 {
        let seconds = self.elapsed.as_secs_f64();
        if seconds > 0.0 { self.bytes as f64 / seconds } else { 0.0 }
    }

    /// How long it will take yet, by how long files took so far; `None` as long as that cannot be said.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a ratio: 52 bits are plenty")]
    pub fn time_left(&self) -> Option<Duration> {
        let done = self.done();
        if !self.all_found || done == 0 {
            return None;
        }
        let left = self.found.saturating_sub(done) as f64 / done as f64;
        Duration::try_from_secs_f64(self.elapsed.as_secs_f64() * left).ok()
    }
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
