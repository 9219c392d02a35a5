use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{AtFlags, unlinkat};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use super::{StateError, json};

const NAME: &str = "drain.json";

/// How far a holder is that writes back what remains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drain {
    /// Files that are still dirty.
    pub files_left: u64,
    /// Their dirty bytes.
    pub bytes_left: u64,
    /// Bytes written back since the drain began.
    pub bytes_done: u64,
    /// Bytes written back per second, lately.
    pub bytes_per_second: u64,
}

impl Drain {
    /// How long the rest takes at that rate; `None` if nothing moves.
    #[must_use]
    pub fn time_left(&self) -> Option<Duration> {
        let millis = u128::from(self.bytes_left) * 1000
            / u128::from((self.bytes_per_second > 0).then_some(self.bytes_per_second)?);
        Some(Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX)))
    }

    /// `None` if nothing is written down, or nothing that can be read.
    pub(super) fn read(dir: &OwnedFd, path: &Path) -> Option<Self> {
        json::read(dir, path, NAME).ok().flatten()
    }

    pub(super) fn write(&self, dir: &OwnedFd, path: &Path) -> Result<(), StateError> {
        json::replace(dir, path, NAME, self, json::Keep::WhileRunning)
    }

    pub(super) fn remove(dir: &OwnedFd) {
        if let Err(error) = unlinkat(dir, NAME, AtFlags::empty())
            && error != Errno::NOENT
        {
            tracing::warn!(%error, "{NAME} stays behind; the next holder replaces it");
        }
    }
}
