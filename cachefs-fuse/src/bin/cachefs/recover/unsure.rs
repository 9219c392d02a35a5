use std::fs::File;
use std::path::Path;

use cachefs_fuse::control::plain;
use cachefs_writeback::state_dir::StateError;
use indicatif::HumanBytes;
use serde_json::json;

use super::look::{directory, look};
use super::state_trouble;
use crate::exit::Exit;
use crate::out::Out;
use crate::trouble::Trouble;

/// Drops the journal of a state directory that does not tell what it is of: only if the very journal is named, for it
/// may be of something else.
pub(super) fn discard(error: &StateError, named: Option<&Path>, out: &Out) -> Result<Exit, Trouble> {
    let StateError::Damaged { path: state, .. } = error else { return Err(state_trouble(error.clone())) };
    let journal = state.join("journal");
    if !named.is_some_and(|named| is_of(named, state)) {
        let trouble = state_trouble(error.clone());
        let how =
            format!("{}; to drop it all the same, name it: --journal {}", trouble.message, journal.display());
        return Err(Trouble::new(trouble.exit, how));
    }
    let _lock = lock(state)?;
    announce(state, out);
    let dropped =
        cachefs_writeback::discard(&directory(state)?).map_err(|error| Trouble::failed(error.to_string()))?;
    // Without a journal, and without what cannot be read, the next mount takes the directory as a new one.
    for removed in [std::fs::remove_dir(&journal), remove(&state.join("source.json"))] {
        removed.map_err(|error| Trouble::failed(format!("{} is not emptied: {error}", state.display())))?;
    }
    let text = format!("dropped {} of {} files", HumanBytes(dropped.bytes), dropped.files);
    out.end(Exit::Done, &json!({ "files": dropped.files, "bytes": dropped.bytes }), &text)
}

/// Whether the journal that was named is the one of this state directory.
pub(super) fn is_of(named: &Path, state: &Path) -> bool {
    named.canonicalize().is_ok_and(|named| Some(named) == state.join("journal").canonicalize().ok())
}

/// Another one than that of the source is not dropped, nor that one in its place.
pub(super) fn not_it(named: &Path, state: Option<&Path>) -> Trouble {
    let shown = |path: &Path| plain(&path.to_string_lossy()).into_owned();
    let its = state
        .map_or("it has none here".to_owned(), |state| format!("that is {}", shown(&state.join("journal"))));
    Trouble::failed(format!("{} is not the journal of the source, {its}: nothing was dropped", shown(named)))
}

/// Before it is done: what will be lost.
fn announce(state: &Path, out: &Out) {
    let what = match look(state) {
        Ok(report) => {
            let names = report.files.iter().filter_map(|file| file.paths.first()).take(8);
            let names: Vec<_> = names.map(|path| plain(&path.to_string_lossy()).into_owned()).collect();
            let (bytes, files) = (HumanBytes(report.bytes()), report.files.len());
            format!("{bytes} of {files} files ({})", names.join(", "))
        }
        Err(trouble) => format!("what cannot be read ({})", trouble.message),
    };
    out.note(&format!("dropping {what} in {}", plain(&state.join("journal").to_string_lossy())));
}

fn lock(state: &Path) -> Result<File, Trouble> {
    let cannot = |error: &dyn std::fmt::Display| {
        Trouble::new(Exit::Temporary, format!("the state directory {} is in use: {error}", state.display()))
    };
    let path = state.join("lock");
    let lock = File::options().read(true).write(true).create(true).truncate(false).open(path);
    let lock = lock.map_err(|error| cannot(&error))?;
    lock.try_lock().map_err(|error| cannot(&error))?;
    Ok(lock)
}

fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}
