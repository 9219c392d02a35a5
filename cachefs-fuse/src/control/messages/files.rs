use serde::{Deserialize, Serialize};

/// What `file` and `ls` take.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathArguments {
    /// Relative to the mount; empty for its top.
    pub path: String,
}

/// What `file` answers of a file, or of a directory with all in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileStatus {
    /// Relative to the mount.
    pub path: String,
    /// `file`, `dir`, `symlink` or `other`.
    pub kind: String,
    /// Regular files: 1, or as many as are in the directory.
    pub files: u64,
    /// Of these, with any byte in memory.
    pub files_cached: u64,
    /// Their lengths.
    pub size_bytes: u64,
    /// How much of that is in the memory of the mount. The kernel may have more in its own, which is not seen here.
    pub cached_bytes: u64,
    /// The same in percent; 100 for what has no bytes.
    pub cached_percent: f64,
    /// Bytes that are not in the source yet.
    pub dirty_bytes: u64,
    /// Files that are pinned: their contents stay in memory.
    pub pinned_files: u64,
    /// Memory that their contents take.
    pub pinned_bytes: u64,
    /// Which blocks go when memory is short.
    pub policy: String,
    /// What tells the contents of a file from others; missing for directories.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// Names in it that could not be looked at.
    pub errors: u64,
    /// There was more in it than is looked at: the sums are too small.
    pub cut: bool,
}

/// What tells contents apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Version {
    /// Length in bytes.
    pub size: u64,
    /// Last change of the contents, in seconds since 1970.
    pub mtime_seconds: f64,
    /// Last change of contents or attributes.
    pub ctime_seconds: f64,
    /// The source's change tag, 0 where it has none.
    pub tag: u64,
}

/// A line of `ls`. They come as progress, in `entries`, some at a time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Entry {
    /// In the directory.
    pub name: String,
    /// `file`, `dir`, `symlink` or `other`.
    pub kind: String,
    /// Length in bytes.
    pub size_bytes: u64,
    /// How much of it is in memory.
    pub cached_bytes: u64,
    /// The same in percent; missing where there are no contents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cached_percent: Option<f64>,
    /// Whether its contents stay in memory.
    pub pinned: bool,
}

/// How `ls` ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Listed {
    /// Names told.
    pub names: u64,
    /// Names that could not be looked at.
    pub errors: u64,
}

/// What `invalidate` and `evict` take: one of both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ForgetArguments {
    /// A path relative to the mount; a directory stands for all in it, an empty one for the whole mount. It may be gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// A pattern relative to the mount; a directory stands for all in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub glob: Option<String>,
}

/// What was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Forgotten {
    /// Files and directories; 0 where it was all there is.
    pub names: u64,
    /// Bytes of contents that were in memory.
    pub bytes: u64,
    /// Names for which it failed.
    pub errors: u64,
}

/// What was pinned, or was until now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PinTold {
    /// Files; 0 where `unpin` met one that was not.
    pub files: u64,
    /// Memory that their contents take.
    pub bytes: u64,
}

/// What `queue` takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct QueueArguments {
    /// How many files at most; 1000 if left out or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<u64>,
}

/// What waits to be written to the source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Queue {
    /// How many files wait, listed or not.
    pub dirty_files: u64,
    /// Bytes that are not in the source.
    pub dirty_bytes: u64,
    /// The first of them, the oldest first.
    pub files: Vec<Waiting>,
}

/// A file that waits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Waiting {
    /// Relative to the source; what is no text is replaced.
    pub path: String,
    /// How much of it; 0 where only its length waits.
    pub bytes: u64,
    /// For how long.
    pub age_seconds: f64,
    /// The source does not answer for it.
    pub hangs: bool,
    /// What kept it from being written, if it was tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
