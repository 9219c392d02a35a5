use std::path::Path;
use std::sync::Arc;

use cachefs_vfs::{LocalFs, Vfs};
use cachefs_writeback::state_dir::StateDir;
use indicatif::HumanBytes;
use serde_json::json;

use super::state_trouble;
use crate::exit::Exit;
use crate::out::Out;
use crate::trouble::Trouble;

/// Saves the files that a journal is about, with what is in the source where that is there.
pub(super) fn export(state: &StateDir, to: &Path, out: &Out) -> Result<Exit, Trouble> {
    let journal = state.journal().map_err(state_trouble)?;
    let source = LocalFs::open(state.source().path()).ok().map(|fs| Arc::new(fs) as Arc<dyn Vfs>);
    let saved = cachefs_writeback::export(&journal, source.as_ref(), to)
        .map_err(|error| Trouble::failed(error.to_string()))?;
    let mut text =
        format!("saved {} files with {} to {}", saved.files, HumanBytes(saved.bytes), to.display());
    if saved.without_base > 0 {
        text.push_str(&format!(
            "; {} of them are not in the source and have holes where nothing was written",
            saved.without_base
        ));
    }
    let told = json!({
        "files": saved.files,
        "bytes": saved.bytes,
        "without_base": saved.without_base,
        "to": to.to_string_lossy(),
    });
    out.end(Exit::Done, &told, &text)
}

/// Drops a journal.
pub(super) fn discard(state: &StateDir, out: &Out) -> Result<Exit, Trouble> {
    let journal = state.journal().map_err(state_trouble)?;
    let dropped = cachefs_writeback::discard(&journal).map_err(|error| Trouble::failed(error.to_string()))?;
    let text = format!("dropped {} of {} files", HumanBytes(dropped.bytes), dropped.files);
    out.end(Exit::Done, &json!({ "files": dropped.files, "bytes": dropped.bytes }), &text)
}
