use std::path::Path;

use serde::Serialize;

use super::file::RecoveredFile;
use super::folded::{Folded, ranges};
use crate::journal::Record;

/// What `manifest.json` of an export says.
#[derive(Debug, Serialize)]
pub(super) struct Manifest {
    /// The form of this file.
    pub(super) version: u32,
    pub(super) files: Vec<Item>,
    /// What the journal lost, in words.
    pub(super) lost: Vec<String>,
}

/// One exported file.
#[derive(Debug, Serialize)]
pub(super) struct Item {
    /// Where it was, the newest place first. Bytes that are no UTF-8 are replaced.
    paths: Vec<String>,
    /// Where it is exported to, below the manifest.
    pub(super) exported: String,
    pub(super) length: u64,
    /// What lies beneath the dirty bytes: the backing's file as it is now, or zeros.
    pub(super) base: Base,
    /// Whether somebody else changed the backing's file since.
    pub(super) conflict: bool,
    /// The dirty bytes: offset and length.
    ranges: Vec<(u64, u64)>,
    /// Acknowledged bytes that the journal lost: offset and length.
    lost: Vec<(u64, u64)>,
    /// When it was last written to: seconds and nanoseconds since the epoch.
    written: Option<(i64, u32)>,
    /// The length of a truncation that the backing may not have seen.
    truncated: Option<u64>,
    /// Its last name was about to be removed.
    removed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Base {
    Backing,
    Zeros,
}

impl Manifest {
    pub(super) fn new(folded: &Folded) -> Self {
        let lost = folded.losses.iter().map(ToString::to_string).collect();
        Self { version: 1, files: Vec::new(), lost }
    }
}

impl Item {
    pub(super) fn new(file: &RecoveredFile<Record>, exported: &Path) -> Self {
        Self {
            paths: file.paths.iter().map(|path| path.to_string_lossy().into_owned()).collect(),
            exported: exported.to_string_lossy().into_owned(),
            length: 0,
            base: Base::Zeros,
            conflict: false,
            ranges: ranges(file),
            lost: file.lost.iter().map(|lost| (lost.offset, lost.len)).collect(),
            written: file.mtime.map(|time| (time.seconds, time.nanos)),
            truncated: file.cut.as_ref().map(|cut| cut.length),
            removed: file.gone,
        }
    }
}
