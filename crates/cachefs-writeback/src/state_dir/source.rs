use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cachefs_vfs::{FileId, LocalFs, Vfs};
use rustix::fs::{statfs, statvfs};
use serde::{Deserialize, Serialize};

use super::{StateError, path_text};

/// Filesystems whose `f_fsid` is theirs for life; that of others comes from a device number, or is 0: ext, btrfs,
/// ZFS, tmpfs.
const LASTING_FSID: [u64; 4] = [0xef53, 0x9123_683e, 0x2fc1_2fc1, 0x0102_1994];
/// On overlayfs, births change.
const OVERLAY: u64 = 0x794c_7630;

/// A directory that is served, and what tells it from others at the same path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Without symlinks.
    #[serde(with = "path_text")]
    path: PathBuf,
    /// `st_dev`: may differ each time the filesystem is mounted.
    device: u64,
    inode: u64,
    generation: u64,
    /// The kind of filesystem (`f_type`).
    kind: u64,
    /// Which of that kind, where it says so; else 0.
    filesystem: u64,
    /// When the directory was made, in seconds and nanoseconds since the epoch, where its filesystem knows.
    birth: Option<(i64, u32)>,
}

impl Source {
    /// What is at `path` now, which may be a symlink.
    ///
    /// # Errors
    /// Those of opening the directory.
    pub fn of(path: &Path) -> Result<Self, StateError> {
        let path = path.canonicalize().map_err(StateError::io("opening the source", path))?;
        let attr = LocalFs::open(&path)?.root()?.attr()?;
        let kind = statfs(&path).map_err(StateError::io("looking at", &path))?.f_type;
        let filesystem = statvfs(&path).map_err(StateError::io("looking at", &path))?.f_fsid;
        let kind = u64::from_ne_bytes(kind.to_ne_bytes());
        Ok(Self {
            path,
            device: attr.id.device,
            inode: attr.id.inode,
            generation: attr.id.generation,
            kind,
            filesystem: if LASTING_FSID.contains(&kind) { filesystem } else { 0 },
            birth: attr.btime.filter(|_| kind != OVERLAY).map(|time| (time.seconds, time.nanos)),
        })
    }

    /// Where it is, without symlinks.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Which directory it is.
    #[must_use]
    pub fn id(&self) -> FileId {
        FileId { device: self.device, inode: self.inode, generation: self.generation }
    }

    /// What a journal is bound to: the same as long as it is the same directory, also after it was mounted again.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        // The roots of two disks of one kind often differ in nothing but this.
        let filesystem = self.filesystem ^ self.kind;
        let parts = [hash(&self.path), self.inode, self.generation, filesystem].map(u64::to_le_bytes);
        let mut digest = [0; 32];
        digest.iter_mut().zip(parts.as_flattened()).for_each(|(to, from)| *to = *from);
        digest
    }

    /// Whether both are one directory, also by different paths. Where a filesystem cannot be told from others of its
    /// kind, only as long as it has the same device.
    #[must_use]
    pub fn is_same_directory(&self, other: &Self) -> bool {
        let named = self.filesystem != 0 && self.filesystem == other.filesystem;
        (named || self.device == other.device) && self.difference(other).is_none()
    }

    /// The name of its state directory: by its path alone, so that whatever is at the same path is compared.
    pub(super) fn dir_name(&self) -> String {
        dir_name(&self.path)
    }

    /// What tells `self`, as it was, from `now`; `None` if that is the same directory.
    ///
    /// The device is not looked at: most network filesystems, and disks, get another one from time to time. All else
    /// stays for as long as the directory does.
    pub(super) fn difference(&self, now: &Self) -> Option<String> {
        let filesystems = self.filesystem != 0 && now.filesystem != 0 && self.filesystem != now.filesystem;
        if self.kind != now.kind {
            Some(format!("a filesystem of kind {:#x}, not {:#x}", now.kind, self.kind))
        } else if filesystems {
            Some(format!("filesystem {:016x}, not {:016x}", now.filesystem, self.filesystem))
        } else if self.inode != now.inode {
            Some(format!("inode {}, not {}", now.inode, self.inode))
        } else if self.generation != now.generation {
            Some(format!("inode {} is in use by another directory", now.inode))
        } else if self.birth.is_some() && now.birth.is_some() && self.birth != now.birth {
            Some("it was made at another time".to_owned())
        } else {
            None
        }
    }
}

/// Where the state directory of the source at `path` (absolute, without symlinks; it may be gone) is below `root`.
#[must_use]
pub fn state_path(root: &Path, path: &Path) -> PathBuf {
    root.join(dir_name(path))
}

fn dir_name(path: &Path) -> String {
    let last = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let shown: String = last.chars().map(plain).take(40).collect();
    format!("{shown}-{:016x}", hash(path))
}

/// FNV-1a, 64 bits.
pub(super) fn hash(path: &Path) -> u64 {
    let mix = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    path.as_os_str().as_bytes().iter().fold(0xcbf2_9ce4_8422_2325, mix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> Source {
        Source {
            path: "/mnt/nas".into(),
            device: 45,
            inode: 2,
            generation: 7,
            kind: 0xef53,
            filesystem: 99,
            birth: Some((1000, 5)),
        }
    }

    #[test]
    fn a_source_mounted_again_is_the_same_whatever_its_device() {
        let again = Source { device: 52, ..source() };
        assert_eq!(source().difference(&again), None);
        assert_eq!(source().digest(), again.digest());
    }

    #[test]
    fn what_else_is_at_its_path_is_another_one() {
        for other in [
            Source { inode: 3, ..source() },
            Source { generation: 8, ..source() },
            Source { kind: 0x6969, ..source() },
            Source { filesystem: 98, ..source() },
            Source { birth: Some((1000, 6)), ..source() },
        ] {
            assert!(source().difference(&other).is_some(), "{other:?}");
        }
        let disk = Source { filesystem: 98, ..source() };
        assert_ne!(source().digest(), disk.digest());
    }

    #[test]
    fn a_directory_is_known_by_another_path() {
        let alias = Source { path: "/alias".into(), device: 52, ..source() };
        assert!(source().is_same_directory(&alias));
        // All network filesystems of a kind look alike.
        let share = Source { filesystem: 0, ..source() };
        assert!(!share.is_same_directory(&Source { filesystem: 0, ..alias }));
        assert!(!source().is_same_directory(&Source { inode: 3, ..source() }));
    }

    #[test]
    fn what_a_newer_kernel_tells_besides_is_no_difference() {
        let before = Source { filesystem: 0, birth: None, ..source() };
        assert_eq!(before.difference(&source()), None);
        assert_eq!(source().difference(&before), None);
    }

    #[test]
    fn names_are_plain_and_differ_by_the_whole_path() {
        let of = |path: &str| Source { path: path.into(), ..source() }.dir_name();
        assert_ne!(of("/a/photos"), of("/b/photos"));
        assert!(of("/a/Größe ../x y").starts_with("x-y-"), "{}", of("/a/Größe ../x y"));
        assert!(of("/").starts_with('-') && of("/").len() == 17);
    }
}
