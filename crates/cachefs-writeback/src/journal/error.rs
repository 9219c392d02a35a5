use cachefs_vfs::Error;
use thiserror::Error as ThisError;

/// Why the journal did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
pub(crate) enum JournalError {
    /// No room, by its own limit or on its disk. Nothing was written, and the journal goes on.
    #[error("the journal is full: {needed} bytes wanted")]
    Full {
        /// The bytes that the record takes.
        needed: u64,
    },
    /// A write or a sync failed, now or before: what is not durable yet may never be. It takes nothing more.
    #[error("the journal failed: {0}")]
    Broken(Error),
    /// What is there belongs to another source.
    #[error("the journal belongs to another source")]
    WrongSource,
    /// What is there is of a form that this version does not read.
    #[error("the journal has format {found}, this version reads {expected}")]
    Version {
        /// The format found.
        found: u32,
        /// The one it reads.
        expected: u32,
    },
    /// A verb on its directory or files failed; nothing was lost by it.
    #[error("{0}")]
    Io(#[from] Error),
}

impl JournalError {
    /// The error to answer a caller of the filesystem with.
    pub(crate) fn into_error(self) -> Error {
        use cachefs_vfs::Errno;
        match self {
            Self::Full { .. } => Error::new(Errno::NOSPC),
            Self::Broken(error) | Self::Io(error) => error,
            Self::WrongSource | Self::Version { .. } => Error::new(Errno::IO),
        }
    }
}
