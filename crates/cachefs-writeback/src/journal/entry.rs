use std::path::PathBuf;

use cachefs_vfs::{FileId, Time, Version};
use serde::{Deserialize, Serialize};

use super::mirror::{FileIdForm, TimeForm, VersionForm, path};
use super::{FileNo, Seq};

/// What a record says. Paths are relative to the root of the backing and hints only. The order of the variants is
/// part of the form on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Entry {
    /// From here on the file has, or may get, dirty bytes. Sent again as a checkpoint.
    File {
        /// The number it goes by.
        no: FileNo,
        /// Which file of the backing it is.
        #[serde(with = "FileIdForm")]
        id: FileId,
        /// Where it was.
        #[serde(with = "path")]
        path: PathBuf,
        /// Its version at the backing as our last verb or flush left it.
        #[serde(with = "VersionForm")]
        own: Version,
    },
    /// Bytes were written; they are the payload.
    Data {
        /// To which file.
        no: FileNo,
        /// Where in it, in bytes.
        offset: u64,
        /// When.
        #[serde(with = "TimeForm")]
        mtime: Time,
    },
    /// The backing is about to cut or extend the file. Opens a window.
    Truncate {
        /// Which file.
        no: FileNo,
        /// To how many bytes.
        length: u64,
        /// When.
        #[serde(with = "TimeForm")]
        mtime: Time,
    },
    /// A verb of ours that moves the version is about to begin.
    Window {
        /// Of which file.
        no: FileNo,
    },
    /// The verb is over. Closes the window.
    Own {
        /// Of which file.
        no: FileNo,
        /// The version it left.
        #[serde(with = "VersionForm")]
        own: Version,
    },
    /// A name is about to be moved.
    Rename {
        /// Of which file; `None` for a directory above files.
        no: Option<FileNo>,
        /// The path before.
        #[serde(with = "path")]
        from: PathBuf,
        /// The path after.
        #[serde(with = "path")]
        to: PathBuf,
    },
    /// The last name of the file is about to be removed, by us.
    Gone {
        /// Of which file.
        no: FileNo,
    },
    /// The removal, or the truncation, did not happen.
    Stays {
        /// Of which file.
        no: FileNo,
    },
    /// A flush is about to begin.
    FlushBegin {
        /// Of which file.
        no: FileNo,
        /// It takes the bytes of records up to this one.
        upto: Seq,
        /// The version at the backing before.
        #[serde(with = "VersionForm")]
        own: Version,
    },
    /// The flush is over; the backing has the bytes.
    FlushEnd {
        /// Of which file.
        no: FileNo,
        /// It took the bytes of records up to this one.
        upto: Seq,
        /// The version it left.
        #[serde(with = "VersionForm")]
        own: Version,
    },
    /// The file's bytes were put beside it.
    Conflict {
        /// Of which file.
        no: FileNo,
        /// Where they are.
        #[serde(with = "path")]
        path: PathBuf,
        /// Those of records up to this one.
        upto: Seq,
    },
    /// Nothing dirty is left of the file.
    Done {
        /// Of which file.
        no: FileNo,
    },
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;

    use super::*;

    fn round(entry: &Entry) -> Entry {
        postcard::from_bytes(&postcard::to_stdvec(entry).unwrap()).unwrap()
    }

    #[test]
    fn every_name_a_file_can_have_survives() {
        let odd = Path::new(OsStr::from_bytes(b"a/\xff\xfe\nb"));
        let entry = Entry::Rename { no: None, from: odd.to_path_buf(), to: PathBuf::new() };
        assert_eq!(round(&entry), entry);
    }

    #[test]
    fn versions_and_times_survive_also_before_the_epoch() {
        let time = Time { seconds: -1, nanos: 999_999_999 };
        let own = Version { size: u64::MAX, mtime: time, ctime: Time::default(), tag: 7 };
        let id = FileId { device: 1, inode: u64::MAX, generation: 3 };
        let entry = Entry::File { no: FileNo(5), id, path: PathBuf::from("x"), own };
        assert_eq!(round(&entry), entry);
    }
}
