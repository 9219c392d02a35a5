use std::path::PathBuf;

use thiserror::Error as ThisError;

use crate::journal::JournalError;

/// Why a journal could not be opened, looked into, exported or discarded.
#[derive(Debug, ThisError)]
pub enum RecoverError {
    /// The journal is of a form that this version does not read.
    #[error("the journal has format {found}, this version reads {expected}")]
    Version {
        /// The format found.
        found: u32,
        /// The one it reads.
        expected: u32,
    },
    /// The journal belongs to another source.
    #[error("the journal belongs to another source")]
    WrongSource,
    /// The journal's directory or files.
    #[error("the journal: {0}")]
    Journal(cachefs_vfs::Error),
    /// The directory to export to holds an earlier export.
    #[error("{path} is there from an earlier export: name another directory", path = path.display())]
    Taken {
        /// What is in the way.
        path: PathBuf,
    },
    /// A file to export to.
    #[error("{path}: {source}", path = path.display())]
    Export {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl From<JournalError> for RecoverError {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Version { found, expected } => Self::Version { found, expected },
            JournalError::WrongSource => Self::WrongSource,
            other => Self::Journal(other.into_error()),
        }
    }
}
