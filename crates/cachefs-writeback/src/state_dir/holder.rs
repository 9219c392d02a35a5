use std::path::{Path, PathBuf};

use cachefs_vfs::clock::{Clock, SystemClock};
use serde::{Deserialize, Serialize};

use super::path_text;

/// Who has a state directory, as they say themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process.
    pub pid: u32,
    /// Since when, in seconds since 1970-01-01T00:00:00Z.
    pub started: i64,
    /// Where it serves the source; `None` if it does not.
    #[serde(with = "path_text::optional")]
    pub mount: Option<PathBuf>,
    /// What it is doing.
    pub state: HolderState,
}

/// What a holder is doing, from its beginning to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HolderState {
    /// It takes writes.
    Serving,
    /// The same, for programs that use a mount that is out of the tree already.
    Detached,
    /// It writes back what remains, then ends.
    Draining,
}

impl Holder {
    pub(super) fn this(mount: Option<&Path>) -> Self {
        Self {
            pid: std::process::id(),
            started: SystemClock.wall().seconds,
            mount: mount.map(Path::to_path_buf),
            state: HolderState::Serving,
        }
    }

    /// Whether it only writes back what remains.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.state == HolderState::Draining
    }

    /// What it is doing, and what to do about it.
    pub(super) fn advice(&self) -> String {
        let pid = self.pid;
        match (&self.mount, self.state) {
            (_, HolderState::Draining) => {
                format!("by process {pid}, which is writing back what remains: wait until it has ended")
            }
            (Some(mount), HolderState::Detached) => format!(
                "by process {pid}, whose mount on {} is detached and still used by programs: end them, or `kill {pid}`",
                mount.display()
            ),
            (Some(mount), HolderState::Serving) => {
                format!("by process {pid}, which serves {0}: unmount {0} first", mount.display())
            }
            (None, HolderState::Serving | HolderState::Detached) => {
                format!("by process {pid}: wait until it has ended")
            }
        }
    }
}
