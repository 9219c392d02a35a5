//! What recovery tells: plain values, to be printed by whoever asked.

use std::fmt;
use std::path::PathBuf;

use cachefs_vfs::{Error, FileId, Time};

/// What became of a journal's content when it was opened again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Files that are dirty again, or of which a truncation was brought to its end.
    pub files: u64,
    /// Dirty bytes of these.
    pub bytes: u64,
    /// Files that others changed or removed: our bytes lie beside them.
    pub conflicts: Vec<KeptBeside>,
    /// Files that are gone, with the bytes they had in the journal.
    pub dropped: Vec<Dropped>,
    /// Files that could not be dealt with; the journal keeps their bytes.
    pub waiting: Vec<Waiting>,
    /// What the journal lost.
    pub damaged: Vec<Loss>,
}

impl Replayed {
    /// Whether there was nothing to do and nothing to tell.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// Bytes that went beside their file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptBeside {
    /// The file, where the journal knew its path.
    pub path: Option<PathBuf>,
    /// Where they are now, from the root of the backing.
    pub beside: PathBuf,
    /// How many.
    pub bytes: u64,
}

/// Bytes of a file that is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// Its path, where the journal knew it.
    pub path: Option<PathBuf>,
    /// How many.
    pub bytes: u64,
    /// Whether we removed it ourselves; else a loss of power took its name, which nobody had made durable.
    pub removed: bool,
}

/// A file that could not be dealt with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its path, where the journal knew it.
    pub path: Option<PathBuf>,
    /// Its dirty bytes.
    pub bytes: u64,
    /// What the backing said.
    pub error: Error,
}

/// Something that was in the journal and cannot be read any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Bytes of a file.
    Bytes {
        /// Its path, where the journal knew it.
        path: Option<PathBuf>,
        /// Where in the file.
        offset: u64,
        /// How many.
        bytes: u64,
    },
    /// So many records, of whatever files.
    Records {
        /// How many.
        count: u64,
        /// The files that were dirty at that time, and may miss something.
        files: Vec<PathBuf>,
    },
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes { path: Some(path), offset, bytes } => {
                write!(f, "{}: {bytes} bytes at {offset} are lost", path.display())
            }
            Self::Bytes { path: None, offset, bytes } => {
                write!(f, "{bytes} bytes at {offset} of an unknown file are lost")
            }
            Self::Records { count, files } => {
                write!(f, "{count} records are lost")?;
                for (n, path) in files.iter().enumerate() {
                    write!(f, "{}{}", if n == 0 { "; maybe of " } else { ", " }, path.display())?;
                }
                Ok(())
            }
        }
    }
}

/// What a journal holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The files with something left to be done.
    pub files: Vec<FileReport>,
    /// What it lost.
    pub damaged: Vec<Loss>,
    /// Records in all.
    pub records: u64,
    /// Whether all of it was written in this run of the system.
    pub same_boot: bool,
}

impl Report {
    /// Dirty bytes of all files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

/// What a journal holds of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileReport {
    /// Its number in the journal.
    pub number: u64,
    /// Which file of the backing it is, where the journal knows.
    pub id: Option<FileId>,
    /// Where it may be, the newest place first.
    pub paths: Vec<PathBuf>,
    /// Its dirty bytes.
    pub bytes: u64,
    /// Where they are: offset and length, in order; what follows without a gap is one range.
    pub ranges: Vec<(u64, u64)>,
    /// When it was last written to: how old the newest of its bytes are.
    pub written: Option<Time>,
    /// The length of a truncation that the backing may not have seen.
    pub truncated: Option<u64>,
    /// A flush was under way.
    pub flushing: bool,
    /// Its last name was about to be removed, by us.
    pub removed: bool,
}
