use std::collections::BTreeSet;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cachefs_vfs::{LocalFs, Vfs};
use cachefs_writeback::state_dir::{Found, Hint, HolderState, StateError, default_root, list, state_path};
use indicatif::HumanBytes;

use super::kin::Kin;
use super::open::root_dir;
use crate::failure::Failure;

/// Makes sure that no bytes of this source wait in a journal that this mount will not read, and that nobody else writes
/// back to it: it would show what was before them, and writes to the same files would make conflicts of them. `is_back`
/// says that it reads the one of its own.
///
/// # Errors
/// How many wait or who writes them, and what to do.
pub(in crate::daemon) fn check(root: Option<&Path>, source: &Path, is_back: bool) -> Result<(), Failure> {
    let kin = Kin::of(source)?;
    // Without a place for journals there is none.
    let own = root_dir(root).ok().map(|root| root.canonicalize().unwrap_or(root));
    let usual = default_root().ok().filter(|root| !is_closed(root));
    let read = |own: &Path| is_back.then(|| state_path(own, source));
    let passed = own.as_deref().and_then(read);
    let mut seen: BTreeSet<PathBuf> = passed.into_iter().collect();
    let own = own.filter(|root| !is_closed(root));
    let roots: BTreeSet<&PathBuf> = own.iter().chain(&usual).collect();
    for root in roots {
        check_own(&state_path(root, source), &seen, source)?;
        for found in list(root).map_err(told)? {
            match found {
                Ok(found) if kin.has(&found.source) && seen.insert(found.path.clone()) => {
                    check_found(&found, source)?;
                }
                Ok(_) => {}
                Err(error) => tracing::warn!("a state directory of perhaps the same files: {error}"),
            }
        }
    }
    let hints = usual.as_deref().map(Hint::list).transpose().map_err(told)?.unwrap_or_default();
    for hint in hints.into_iter().filter(|hint| kin.has(&hint.source)) {
        if !seen.insert(hint.state.clone()) {
            continue;
        }
        match Found::at(&hint.state) {
            Ok(Some(found)) => check_found(&found, source)?,
            Ok(None) => {}
            Err(error) if is_missing(&hint.state) => {
                tracing::warn!("a journal of {} is not there any more: {error}", source.display());
            }
            Err(error) => return Err(told(error)),
        }
    }
    Ok(())
}

/// The state directory of this very path: not to be looked into is no reason to take it for an empty one.
fn check_own(path: &Path, passed: &BTreeSet<PathBuf>, source: &Path) -> Result<(), Failure> {
    if passed.contains(path) || is_missing(path) {
        return Ok(());
    }
    match Found::at(path).map_err(told)? {
        Some(_) => Ok(()),
        None if !path.join("journal").exists() => Ok(()),
        None => Err(Failure::mount(format!(
            "the state directory {} has a journal, but does not say of what: see cachefs recover {}",
            path.display(),
            source.display()
        ))),
    }
}

fn told(error: StateError) -> Failure {
    Failure::mount(error.to_string())
}

/// Whether it is somebody else's, as where a user has the environment of another: none of ours is in it.
fn is_closed(root: &Path) -> bool {
    let refused =
        std::fs::read_dir(root).is_err_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied);
    if refused {
        tracing::debug!("whether a journal is in {} cannot be seen", root.display());
    }
    refused
}

fn is_missing(path: &Path) -> bool {
    path.symlink_metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

fn check_found(found: &Found, source: &Path) -> Result<(), Failure> {
    if found.held {
        return Err(held(found, source));
    }
    let journal = found.path.join("journal");
    if is_missing(&journal) {
        return Ok(());
    }
    let cannot = |error: &dyn Display| {
        Failure::mount(format!(
            "the journal {} cannot be looked into: {error}; {}",
            journal.display(),
            see(found)
        ))
    };
    let fs: Arc<dyn Vfs> = Arc::new(LocalFs::open(&journal).map_err(|error| cannot(&error))?);
    let directory = fs.root().map_err(|error| cannot(&error))?;
    let report = cachefs_writeback::inspect(&directory).map_err(|error| cannot(&error))?;
    if report.files.is_empty() {
        return Ok(());
    }
    Err(Failure::mount(format!(
        "{} of {} files wait in the journal {}{}: mount {} with --mode back, or {}",
        HumanBytes(report.bytes()),
        report.files.len(),
        journal.display(),
        whose(found, source),
        if found.source.path() == source { "it" } else { "that one" },
        see(found)
    )))
}

/// Who has it sees to its bytes, and shows them nowhere else.
fn held(found: &Found, source: &Path) -> Failure {
    let path = found.source.path().display();
    let Some(holder) = &found.holder else {
        return Failure::mount(format!(
            "a process has the journal {}: wait until it has ended",
            found.path.display()
        ));
    };
    let pid = holder.pid;
    let whose = whose(found, source);
    Failure::mount(match &holder.mount {
        _ if holder.is_draining() => format!(
            "process {pid} still writes to {path}{whose} what was written to its last mount: wait until it has ended"
        ),
        Some(mount) if holder.state == HolderState::Detached => format!(
            "process {pid} still serves {path}{whose} to programs that use its mount on {}, which is detached: end \
             them, or `kill {pid}`",
            mount.display()
        ),
        Some(mount) => format!(
            "process {pid} serves {path}{whose} on {} with --mode back: this mount would not show what is written \
             there; unmount that one first",
            mount.display()
        ),
        None => format!("process {pid} writes the journal of {path}{whose} to it: wait until it has ended"),
    })
}

/// What another source has to do with this one; nothing, if it is this one.
fn whose(found: &Found, source: &Path) -> String {
    let other = found.source.path();
    match other == source {
        true => String::new(),
        false => format!(", of {} (it shares files with {})", other.display(), source.display()),
    }
}

fn see(found: &Found) -> String {
    let root = found.path.parent().unwrap_or(Path::new("/"));
    let place = match default_root() {
        Ok(usual) if usual == root => String::new(),
        _ => format!(" --state-dir {}", root.display()),
    };
    format!("see cachefs recover{place} {}", found.source.path().display())
}
