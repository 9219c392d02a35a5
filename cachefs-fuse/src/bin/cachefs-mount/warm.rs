//! `--warm`: reading what matches before anybody asks, beside the mount that is already served.

use std::sync::atomic::{AtomicU64, Ordering};

use cachefs_vfs::{Vfs, VfsExt};

use crate::failure::Failure;

/// How far warming is, for the metrics.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    remaining_files: AtomicU64,
}

impl Progress {
    /// Files found but not yet read.
    pub(crate) fn remaining_files(&self) -> u64 {
        self.remaining_files.load(Ordering::Relaxed)
    }
}

/// Checks that each pattern matches something.
///
/// # Errors
/// Which one does not.
pub(crate) fn check(source: &dyn Vfs, globs: &[String]) -> Result<(), Failure> {
    for glob in globs {
        let mut found = source.glob(glob).map_err(|error| Failure::usage(format!("--warm: {error}")))?;
        if !found.any(|path| path.is_ok()) {
            return Err(Failure::usage(format!(
                "--warm: \"{glob}\" matches nothing: patterns are relative to the source, ** stands for any depth"
            )));
        }
    }
    Ok(())
}

/// Starts warming in the background.
pub(crate) fn start(
    _cache: cachefs::CacheFs,
    config: &crate::flags::WarmConfig,
    _progress: std::sync::Arc<Progress>,
    _voice: crate::daemon::Voice,
) -> Result<(), Failure> {
    tracing::warn!(globs = ?config.globs, workers = config.workers, "the engine cannot warm yet");
    Ok(())
}
