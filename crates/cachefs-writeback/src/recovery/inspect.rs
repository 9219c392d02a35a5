use cachefs_vfs::VDir;

use super::folded::Folded;
use super::{RecoverError, Report, boot_id};
use crate::journal::{BootId, Journal};
use crate::sync::Arc;

/// What the journal in `dir` holds. Writes nothing, asks no backing; blocks for as long as reading all of it takes.
///
/// # Errors
/// Those of reading. What is damaged is no error but told in the report.
pub fn inspect(dir: &Arc<dyn VDir>) -> Result<Report, RecoverError> {
    Ok(look(dir)?.report())
}

pub(super) fn look(dir: &Arc<dyn VDir>) -> Result<Folded, RecoverError> {
    Ok(Folded::of(Journal::inspect(dir, BootId(boot_id()))?))
}
