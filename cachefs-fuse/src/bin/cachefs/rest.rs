use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cachefs_fuse::control::{Place, plain};
use cachefs_writeback::Report;
use cachefs_writeback::state_dir::{Found, default_root};

use crate::recover::{elsewhere, find, look};

/// How long a process that was killed may take to let go of its journal.
const LOCK_MAX: Duration = Duration::from_secs(10);
/// Between two looks.
const STEP: Duration = Duration::from_millis(50);

/// What a mount whose daemon was killed has left.
#[derive(Debug)]
pub(crate) enum Rest {
    /// It had no journal, or nothing waits in it.
    Nothing,
    /// This waits, or was lost.
    Waits {
        /// In which state directory.
        state: PathBuf,
        /// Of which source.
        source: PathBuf,
        /// What.
        report: Report,
    },
    /// Another mount of the same source has taken it over.
    TakenOver {
        /// By which process.
        pid: u32,
    },
    /// It cannot be known, for this reason.
    Unknown(String),
}

impl Rest {
    /// Looks, once the mount is out of the tree; waits until the journal is let go of.
    pub(crate) fn of(place: &Place) -> Self {
        match &place.trace {
            Some(trace) => match &trace.state {
                Some(state) => in_state(state, trace.pid),
                None => Self::Nothing,
            },
            None => by_name(Path::new(&place.source)),
        }
    }
}

/// Without a trace there is only what it called its source, and what is or is told in the usual place.
fn by_name(source: &Path) -> Rest {
    let found = default_root().ok().and_then(|root| {
        let found = find(&root, source).ok()?.or_else(|| elsewhere(&root, source).ok()?)?;
        Some(in_state(&found.path, 0))
    });
    match found {
        Some(rest @ (Rest::Waits { .. } | Rest::TakenOver { .. })) => rest,
        _ => Rest::Unknown(format!(
            "what waits in its journal, if it had one, is not known: see cachefs recover {} --dry-run, with the \
             --state-dir it was given",
            plain(&source.to_string_lossy())
        )),
    }
}

fn in_state(state: &Path, killed: u32) -> Rest {
    let until = Instant::now() + LOCK_MAX;
    let shown = || plain(&state.to_string_lossy()).into_owned();
    loop {
        let found = match Found::at(state) {
            Ok(Some(found)) => found,
            Ok(None) => return Rest::Unknown(format!("the state directory {} has no source.json", shown())),
            Err(error) => return Rest::Unknown(error.to_string()),
        };
        if !found.held {
            return match look(state) {
                Ok(report) if report.files.is_empty() && report.damaged.is_empty() => Rest::Nothing,
                Ok(report) => {
                    Rest::Waits { state: state.to_owned(), source: found.source.path().to_owned(), report }
                }
                Err(trouble) => Rest::Unknown(trouble.message),
            };
        }
        match found.holder.map(|holder| holder.pid) {
            Some(pid) if pid != killed => return Rest::TakenOver { pid },
            _ if Instant::now() >= until => {
                return Rest::Unknown(format!(
                    "process {killed} was killed, but still has the journal in {}: see cachefs recover once it has ended",
                    shown()
                ));
            }
            _ => std::thread::sleep(STEP),
        }
    }
}
