use serde::{Deserialize, Serialize};

use super::Left;

/// What `warm` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WarmArguments {
    /// Patterns relative to the mount; a directory stands for all in it.
    pub globs: Vec<String>,
    /// Files relative to the mount, as they are and in this order, after what matches.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// Files read at a time, at most 64; 8 if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workers: Option<u64>,
    /// Names and attributes only.
    pub metadata_only: bool,
    /// Answer at once, and warm in the background, after what was asked for so before.
    pub background: bool,
}

/// How far warming is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WarmFar {
    /// Files found up to now; more may come.
    pub files_found: u64,
    /// Of these, warmed.
    pub files: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Files that could not be warmed.
    pub errors: u64,
    /// Files that do not exist; at the end, also patterns that matched nothing.
    pub missing: u64,
}

/// How warming ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WarmTold {
    /// In numbers.
    #[serde(flatten)]
    pub far: WarmFar,
    /// What could not be warmed, the first of it.
    pub failed: Vec<Left>,
    /// The first patterns that matched nothing.
    pub missing_first: Vec<String>,
    /// It stopped because the next file would not have fitted into the memory.
    pub full: bool,
    /// It goes on in the background.
    pub background: bool,
    /// How long it took.
    pub seconds: f64,
}
