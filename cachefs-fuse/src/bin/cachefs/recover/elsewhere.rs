use std::path::Path;

use cachefs_writeback::state_dir::{Found, Hint, Source};

use super::look::look;
use super::state_trouble;
use crate::trouble::Trouble;

/// The state directory of a source that was kept elsewhere than in the usual root; of several one with something in it.
///
/// # Errors
/// Why one that was left there cannot be looked at.
pub(crate) fn elsewhere(root: &Path, source: &Path) -> Result<Option<Found>, Trouble> {
    let id = Source::of(source).ok().map(|source| source.id());
    let mut last = None;
    for hint in Hint::list(root).map_err(state_trouble)? {
        if hint.source.path() != source && Some(hint.source.id()) != id {
            continue;
        }
        let found = Found::at(&hint.state).map_err(|error| {
            let kept = format!("a mount of {} kept its journal elsewhere: ", source.display());
            let trouble = state_trouble(error);
            Trouble::new(trouble.exit, kept + &trouble.message)
        })?;
        let Some(found) = found else { continue };
        if found.held || look(&found.path).is_ok_and(|report| !report.files.is_empty()) {
            return Ok(Some(found));
        }
        last = Some(found);
    }
    Ok(last)
}
