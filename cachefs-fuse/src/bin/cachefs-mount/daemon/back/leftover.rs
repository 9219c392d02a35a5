use std::path::Path;
use std::sync::Arc;

use cachefs_vfs::{LocalFs, Vfs};
use cachefs_writeback::state_dir::{Found, list};
use indicatif::HumanBytes;

use super::open::root_dir;
use crate::failure::Failure;

/// Makes sure that no bytes of this source wait in a journal: a mount that does not read it would show what was before
/// them, and writes to the same files would make conflicts of them.
///
/// # Errors
/// How many wait, and what to do.
pub(in crate::daemon) fn check(root: Option<&Path>, source: &Path) -> Result<(), Failure> {
    // Without a place for journals there is none.
    let Ok(root) = root_dir(root) else { return Ok(()) };
    let found = list(&root).unwrap_or_default().into_iter().flatten();
    let Some(found) = found.into_iter().find(|found| found.source.path() == source) else { return Ok(()) };
    if found.held {
        return check_holder(&found, source);
    }
    let journal = found.path.join("journal");
    let cannot = |error: &dyn std::fmt::Display| {
        Failure::mount(format!(
            "the journal {} cannot be looked into: {error}; see cachefs recover {}",
            journal.display(),
            source.display()
        ))
    };
    let fs: Arc<dyn Vfs> = Arc::new(LocalFs::open(&journal).map_err(|error| cannot(&error))?);
    let directory = fs.root().map_err(|error| cannot(&error))?;
    let report = cachefs_writeback::inspect(&directory).map_err(|error| cannot(&error))?;
    if report.files.is_empty() {
        return Ok(());
    }
    Err(Failure::mount(format!(
        "{} of {} files wait in the journal {}: mount with --mode back, or see cachefs recover {}",
        HumanBytes(report.bytes()),
        report.files.len(),
        journal.display(),
        source.display()
    )))
}

/// One that serves sees to its bytes itself; one that is about to end is not to be mistaken for one that has ended.
fn check_holder(found: &Found, source: &Path) -> Result<(), Failure> {
    match found.holder.as_ref().filter(|holder| holder.is_draining()) {
        None => Ok(()),
        Some(holder) => Err(Failure::mount(format!(
            "process {} still writes to {} what was written to its last mount: wait until it has ended",
            holder.pid,
            source.display()
        ))),
    }
}
