//! How types of the contract are written into an entry.

use cachefs_vfs::{FileId, Time, Version};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(remote = "FileId")]
pub(super) struct FileIdForm {
    device: u64,
    inode: u64,
    generation: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Time")]
pub(super) struct TimeForm {
    seconds: i64,
    nanos: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Version")]
pub(super) struct VersionForm {
    size: u64,
    #[serde(with = "TimeForm")]
    mtime: Time,
    #[serde(with = "TimeForm")]
    ctime: Time,
    tag: u64,
}

/// A path as its bytes: serde's own form refuses those that are not UTF-8.
pub(super) mod path {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::path::{Path, PathBuf};

    use serde::{Deserialize, Deserializer, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(path.as_os_str().as_bytes())
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<PathBuf, D::Error> {
        let bytes = <&[u8]>::deserialize(from)?;
        Ok(PathBuf::from(OsStr::from_bytes(bytes)))
    }
}
