use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use cachefs_vfs::Vfs;
use cachefs_vfs::clock::SystemClock;
use cachefs_writeback::state_dir::{Drain, Hint, Source, StateDir, StateError, default_root};
use cachefs_writeback::{Replayed, Setup, WriteBack, boot_id};
use indicatif::HumanBytes;
use parking_lot::Mutex;

use super::Back;
use super::standstill::Standstill;
use crate::daemon::undead;
use crate::failure::Failure;
use crate::flags::BackConfig;

/// How long a mount that is writing back the last of its bytes is waited for.
const HOLDER_MAX: Duration = Duration::from_secs(60);
/// How often people hear that it is still waited for.
const NOTE_PERIOD: Duration = Duration::from_secs(10);
/// Conflicts, losses and the like that are told one by one.
const TOLD_MAX: usize = 5;

impl Back {
    /// Opens the journal of `source` and replays what is in it. Waits for a mount that still writes back to it.
    ///
    /// # Errors
    /// Who holds the journal, or why it cannot be used.
    pub(in crate::daemon) fn open(
        config: BackConfig,
        root: Option<&Path>,
        (source, mountpoint): (&Path, &Path),
        backing: Arc<dyn Vfs>,
        note: &dyn Fn(&str),
    ) -> Result<Self, Failure> {
        let source = Source::of(source).map_err(|error| Failure::mount(error.to_string()))?;
        let state = hold(&root_dir(root)?, &source, mountpoint, note)?;
        let hint = hint(&source, state.path());
        if state.is_volatile() {
            note(&format!(
                "the journal {} lies in memory: a loss of power takes all that is not yet in the source",
                state.path().display()
            ));
        }
        let cannot = |error: &dyn Display| {
            Failure::mount(format!("the journal {} cannot be used: {error}", state.path().display()))
        };
        let journal = state.journal().map_err(|error| cannot(&error))?;
        let setup = Setup {
            config: config.limits,
            source: source.digest(),
            boot: boot_id(),
            clock: Arc::new(SystemClock),
        };
        let (write_back, replayed) =
            WriteBack::open(backing, journal, setup).map_err(|error| cannot(&error))?;
        tell_one_by_one(&replayed);
        let write_back = Arc::new(write_back);
        let standstill = Mutex::new(Standstill::new(Instant::now()));
        Ok(Self { write_back, state, hint, config, replayed, standstill, stopped: AtomicBool::new(false) })
    }
}

/// Leaves a hint at a journal that is not in the usual place.
fn hint(source: &Source, state: &Path) -> Option<Hint> {
    let usual = default_root().ok()?;
    let root = usual.canonicalize().unwrap_or_else(|_| usual.clone());
    let hint = Hint { source: source.clone(), state: state.to_owned() };
    if state.parent() == Some(&root) {
        return None;
    }
    if let Err(error) = hint.leave(&usual) {
        tracing::warn!(%error, "who is not told --state-dir will not find this journal");
    }
    Some(hint)
}

/// Where journals are.
pub(super) fn root_dir(given: Option<&Path>) -> Result<PathBuf, Failure> {
    let cannot = |error: &dyn Display| Failure::usage(format!("--state-dir: {error}"));
    match given {
        Some(path) => std::path::absolute(path).map_err(|error| cannot(&error)),
        None => default_root().map_err(|error| cannot(&error)),
    }
}

fn hold(root: &Path, source: &Source, mountpoint: &Path, note: &dyn Fn(&str)) -> Result<StateDir, Failure> {
    let hold = |told: &mut dyn FnMut(Option<Drain>)| {
        StateDir::open(root, source, Some(mountpoint), HOLDER_MAX, told)
    };
    let mut noted: Option<Instant> = None;
    let mut told = |drain: Option<Drain>| {
        let now = Instant::now();
        if noted.is_none_or(|noted| now.saturating_duration_since(noted) >= NOTE_PERIOD) {
            noted = Some(now);
            note(&waiting(drain));
        }
    };
    let held = match hold(&mut told) {
        Err(StateError::Held { holder: Some(holder), .. })
            if undead::cut_off(holder.pid, holder.mount.as_deref(), note) =>
        {
            hold(&mut told)
        }
        held => held,
    };
    held.map_err(|error| Failure::mount(error.to_string()))
}

fn waiting(drain: Option<Drain>) -> String {
    let seconds = HOLDER_MAX.as_secs();
    let what = match drain {
        Some(drain) => format!("{} of {} files", HumanBytes(drain.bytes_left), drain.files_left),
        None => "what remains".to_owned(),
    };
    format!(
        "waiting at most {seconds} s for the mount before this one, which still writes {what} to the source"
    )
}

/// What was replayed, on one line. `None`: nothing was.
pub(super) fn told(replayed: &Replayed) -> Option<String> {
    (!replayed.is_nothing()).then(|| summary(replayed))
}

/// To the log.
fn tell_one_by_one(replayed: &Replayed) {
    for kept in replayed.conflicts.iter().take(TOLD_MAX) {
        let path = kept.path.as_deref().unwrap_or(Path::new("a file"));
        tracing::warn!(
            "{} was changed by others: what was written to it is in {}",
            path.display(),
            kept.beside.display()
        );
    }
    for loss in replayed.damaged.iter().take(TOLD_MAX) {
        tracing::error!("the journal is damaged: {loss}");
    }
    for waiting in replayed.waiting.iter().take(TOLD_MAX) {
        let path = waiting.path.as_deref().unwrap_or(Path::new("a file"));
        tracing::warn!(path = %path.display(), error = %waiting.error, "not replayed, stays in the journal");
    }
    for dropped in replayed.dropped.iter().filter(|dropped| !dropped.removed).take(TOLD_MAX) {
        let path = dropped.path.as_deref().unwrap_or(Path::new("a file"));
        tracing::warn!(path = %path.display(), bytes = dropped.bytes, "gone from the source, dropped");
    }
}

fn summary(replayed: &Replayed) -> String {
    let mut told = format!(
        "replayed the journal: {} of {} files go to the source",
        HumanBytes(replayed.bytes),
        replayed.files
    );
    for (count, what) in [
        (replayed.conflicts.len(), "conflicts kept beside their files"),
        (replayed.dropped.len(), "files gone from the source"),
        (replayed.waiting.len(), "files that wait"),
        (replayed.damaged.len(), "places damaged"),
    ] {
        if count > 0 {
            told.push_str(&format!(", {count} {what}"));
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_replayed_is_told_on_one_line() {
        assert_eq!(told(&Replayed::default()), None);
        let replayed = Replayed { files: 2, bytes: 2048, ..Replayed::default() };
        assert_eq!(
            told(&replayed).as_deref(),
            Some("replayed the journal: 2.00 KiB of 2 files go to the source")
        );
    }

    #[test]
    fn who_waits_is_told_for_what() {
        assert!(waiting(None).ends_with("which still writes what remains to the source"));
        let drain = Drain { files_left: 3, bytes_left: 1 << 20, ..Drain::default() };
        assert!(waiting(Some(drain)).contains("still writes 1.00 MiB of 3 files"));
    }
}
