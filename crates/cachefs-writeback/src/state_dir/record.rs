use std::os::fd::OwnedFd;
use std::path::Path;

use cachefs_vfs::{LocalFs, Vfs, VfsExt};
use serde::{Deserialize, Serialize};

use super::{JOURNAL, Source, StateError, json};
use crate::recovery;

const NAME: &str = "source.json";
/// Of what is written here.
const FORMAT: u32 = 1;
/// Devices that are remembered.
const DEVICES_MAX: usize = 64;

/// What a state directory is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    format: u32,
    /// As it was when it was last opened.
    pub(super) source: Source,
    /// The devices it had, newest first.
    pub(super) devices: Vec<u64>,
}

/// What of a later format can be relied on.
#[derive(Deserialize)]
struct Format {
    format: u32,
}

impl Record {
    fn new(source: Source) -> Self {
        let devices = vec![source.id().device];
        Self { format: FORMAT, source, devices }
    }

    pub(super) fn read(dir: &OwnedFd, path: &Path) -> Result<Option<Self>, StateError> {
        match json::read::<Format>(dir, path, NAME)? {
            None => Ok(None),
            Some(Format { format: FORMAT }) => json::read(dir, path, NAME),
            Some(Format { format }) => Err(StateError::Later { path: path.to_path_buf(), format }),
        }
    }

    fn write(self, dir: &OwnedFd, path: &Path) -> Result<Self, StateError> {
        json::replace(dir, path, NAME, &self, json::Keep::Always)?;
        Ok(self)
    }

    /// With `source`, the same directory, as it is now.
    fn renewed(mut self, source: &Source) -> Self {
        let device = source.id().device;
        self.devices.retain(|known| *known != device);
        self.devices.insert(0, device);
        self.devices.truncate(DEVICES_MAX);
        self.source = source.clone();
        self
    }
}

/// Makes sure that the state directory is of `source`. One that is of another, but holds nothing, is taken over.
pub(super) fn bind(dir: &OwnedFd, path: &Path, source: &Source) -> Result<Record, StateError> {
    let Some(record) = Record::read(dir, path)? else {
        return first(dir, path, source);
    };
    let was = &record.source;
    if was.path() != source.path() {
        return Err(StateError::damaged(path, format!("is of {}", was.path().display())));
    }
    let Some(difference) = was.difference(source) else {
        let renewed = record.clone().renewed(source);
        return if renewed == record { Ok(record) } else { renewed.write(dir, path) };
    };
    if !is_clean(path) {
        let source_path = source.path().to_path_buf();
        return Err(StateError::OtherSource { path: path.to_path_buf(), source_path, difference });
    }
    tracing::info!(path = %path.display(), difference, "the source is another one; nothing was left of the last");
    empty(path)?;
    Record::new(source.clone()).write(dir, path)
}

/// Binds a directory that nothing is written in yet.
fn first(dir: &OwnedFd, path: &Path, source: &Source) -> Result<Record, StateError> {
    if path.join(JOURNAL).exists() {
        return Err(StateError::damaged(path, format!("has a journal, but no {NAME}")));
    }
    Record::new(source.clone()).write(dir, path)
}

/// Whether nothing is left to be done of the journal, for sure.
fn is_clean(path: &Path) -> bool {
    let journal = path.join(JOURNAL);
    if !journal.exists() {
        return true;
    }
    let report = LocalFs::open(&journal).and_then(|fs| fs.root()).map(|dir| recovery::inspect(&dir));
    matches!(report, Ok(Ok(report)) if report.files.is_empty() && report.damaged.is_empty())
}

fn empty(path: &Path) -> Result<(), StateError> {
    let journal = path.join(JOURNAL);
    if journal.exists() {
        LocalFs::open(path)?.remove_dir_all(JOURNAL)?;
    }
    Ok(())
}
