use std::io;
use std::path::{Path, PathBuf};

/// Why a trace cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The system refused, or what is compressed is broken.
    #[error("{}: {error}", path.display())]
    Io {
        /// The trace.
        path: PathBuf,
        /// What went wrong.
        error: io::Error,
    },
    /// A directory, a pipe...
    #[error("{}: no regular file; a trace is read twice", path.display())]
    NoFile {
        /// The trace.
        path: PathBuf,
    },
    /// Nothing is in it.
    #[error("{}: the trace is empty", path.display())]
    Empty {
        /// The trace.
        path: PathBuf,
    },
    /// Its beginning is like no format.
    #[error("{}: of no format that is known; see --format", path.display())]
    Unlike {
        /// The trace.
        path: PathBuf,
    },
    /// A line that is not of the trace's format.
    #[error("{}:{line}: {what}", path.display())]
    Line {
        /// The trace.
        path: PathBuf,
        /// Counted from 1.
        line: u64,
        /// What is wrong with it.
        what: String,
    },
    /// A binary record that cannot be.
    #[error("{}: record {record}: {what}", path.display())]
    Record {
        /// The trace.
        path: PathBuf,
        /// Counted from 1.
        record: u64,
        /// What is wrong with it.
        what: String,
    },
}

impl TraceError {
    pub(crate) fn io(path: &Path, error: io::Error) -> Self {
        Self::Io { path: path.to_owned(), error }
    }
}

/// What is wrong in a trace, wherever it lies.
#[derive(Debug)]
pub(crate) enum Flaw {
    Io(io::Error),
    Line(u64, String),
    Record(u64, String),
}

impl Flaw {
    pub(crate) fn of(self, path: &Path) -> TraceError {
        let path = path.to_owned();
        match self {
            Self::Io(error) => TraceError::Io { path, error },
            Self::Line(line, what) => TraceError::Line { path, line, what },
            Self::Record(record, what) => TraceError::Record { path, record, what },
        }
    }
}

impl From<io::Error> for Flaw {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
