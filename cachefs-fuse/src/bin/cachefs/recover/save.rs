use std::path::Path;
use std::sync::Arc;

use cachefs_fuse::control::plain;
use cachefs_vfs::{LocalFs, VDir, Vfs};
use cachefs_writeback::state_dir::StateDir;
use indicatif::HumanBytes;
use serde_json::json;

use super::state_trouble;
use crate::exit::Exit;
use crate::out::Out;
use crate::trouble::Trouble;

/// Saves the files that a journal is about, with what is in the source where that is there.
pub(super) fn export(journal: &Arc<dyn VDir>, source: &Path, to: &Path, out: &Out) -> Result<Exit, Trouble> {
    let source = LocalFs::open(source).ok().map(|fs| Arc::new(fs) as Arc<dyn Vfs>);
    let saved = cachefs_writeback::export(journal, source.as_ref(), to)
        .map_err(|error| Trouble::failed(error.to_string()))?;
    let shown = to.to_string_lossy();
    let mut text =
        format!("saved {} files with {} to {}", saved.files, HumanBytes(saved.bytes), plain(&shown));
    if saved.without_base > 0 {
        text.push_str(&format!(
            "; {} of them are not in the source and have holes where nothing was written",
            saved.without_base
        ));
    }
    let damaged: Vec<String> = saved.damaged.iter().map(ToString::to_string).collect();
    for loss in &damaged {
        text.push_str(&format!("\ndamaged: {}", plain(loss)));
    }
    let exit = Exit::after(!damaged.is_empty(), false, false);
    let told = json!({
        "files": saved.files,
        "bytes": saved.bytes,
        "without_base": saved.without_base,
        "to": shown,
        "damaged": damaged,
    });
    out.end(exit, &told, &text)
}

/// Drops a journal.
pub(super) fn discard(state: &StateDir, out: &Out) -> Result<Exit, Trouble> {
    let journal = state.journal().map_err(state_trouble)?;
    let dropped = cachefs_writeback::discard(&journal).map_err(|error| Trouble::failed(error.to_string()))?;
    let text = format!("dropped {} of {} files", HumanBytes(dropped.bytes), dropped.files);
    out.end(Exit::Done, &json!({ "files": dropped.files, "bytes": dropped.bytes }), &text)
}
