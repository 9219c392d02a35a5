use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use cachefs_fuse::control::plain;
use cachefs_vfs::{LocalFs, VDir, Vfs};
use cachefs_writeback::state_dir::Found;
use cachefs_writeback::{FileReport, Report, inspect};
use indicatif::HumanBytes;
use serde_json::json;

use crate::exit::Exit;
use crate::out::Out;
use crate::trouble::Trouble;

/// Shows what is in a journal, and changes nothing.
pub(super) fn run(found: &Found, out: &Out) -> Result<Exit, Trouble> {
    if found.held {
        let pid = found.holder.as_ref().map_or_else(String::new, |holder| format!(" {}", holder.pid));
        return Err(Trouble::new(
            Exit::Temporary,
            format!("{} is in use by process{pid}: see cachefs status", found.path.display()),
        ));
    }
    let report = look(&found.path)?;
    let exit = match (report.damaged.is_empty(), report.files.is_empty()) {
        (false, _) => Exit::Corrupt,
        (true, false) => Exit::Dirty,
        (true, true) => Exit::Done,
    };
    let told = json!({
        "journal": found.path.to_string_lossy(),
        "source": found.source.path().to_string_lossy(),
        "bytes": report.bytes(),
        "files": report.files.iter().map(told).collect::<Vec<_>>(),
        "damaged": report.damaged.iter().map(ToString::to_string).collect::<Vec<_>>(),
    });
    out.end(exit, &told, &shown(&report, &found.path))
}

/// What is in the journal of a state directory, not held.
pub(crate) fn look(state: &Path) -> Result<Report, Trouble> {
    let journal = directory(state)?;
    inspect(&journal).map_err(|error| Trouble::failed(format!("{}: {error}", state.display())))
}

/// The journal of a state directory, not held.
pub(super) fn directory(state: &Path) -> Result<Arc<dyn VDir>, Trouble> {
    let path = state.join("journal");
    LocalFs::open(&path)
        .and_then(|fs| fs.root())
        .map_err(|error| Trouble::failed(format!("{} cannot be opened: {error}", path.display())))
}

fn told(file: &FileReport) -> serde_json::Value {
    json!({
        "path": file.paths.first().map(|path| path.to_string_lossy()),
        "bytes": file.bytes,
        "ranges": file.ranges,
        "truncated": file.truncated,
        "flushing": file.flushing,
        "removed": file.removed,
    })
}

fn shown(report: &Report, state: &Path) -> String {
    let state = state.to_string_lossy();
    let state = plain(&state);
    let mut text = match report.files.len() {
        0 => format!("nothing waits in the journal {state}"),
        files => {
            format!("{} of {files} files wait in the journal {state}", HumanBytes(report.bytes()))
        }
    };
    for file in &report.files {
        let path = file.paths.first().map_or_else(|| "a file".into(), |path| path.to_string_lossy());
        let path = plain(&path);
        _ = write!(text, "\n  {path}: {} in {} places", HumanBytes(file.bytes), file.ranges.len());
        if let Some(length) = file.truncated {
            _ = write!(text, ", cut to {length}");
        }
        if file.flushing {
            text.push_str(", on its way to the source");
        }
        if file.removed {
            text.push_str(", removed");
        }
    }
    for loss in &report.damaged {
        _ = write!(text, "\ndamaged: {}", plain(&loss.to_string()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_listed() {
        let file = FileReport {
            number: 1,
            id: None,
            paths: vec!["a/b".into()],
            bytes: 2048,
            ranges: vec![(0, 1024), (4096, 1024)],
            written: None,
            truncated: Some(9),
            flushing: false,
            removed: true,
        };
        let report = Report { files: vec![file], ..Report::default() };
        assert_eq!(
            shown(&report, Path::new("/j")),
            "2.00 KiB of 1 files wait in the journal /j\n  a/b: 2.00 KiB in 2 places, cut to 9, removed"
        );
    }
}
