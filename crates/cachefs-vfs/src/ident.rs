use crate::Time;

/// Which file this is, for as long as the filesystem exists: a number that is used again after a deletion comes
/// with another generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId {
    /// The filesystem (`st_dev`), which differs below a nested mount.
    pub device: u64,
    /// The inode number.
    pub inode: u64,
    /// Tells users of the same inode number apart: the generation of the file handle where the filesystem has one,
    /// else its birth time in nanoseconds, else 0.
    pub generation: u64,
}

/// What tells the contents of a file from other contents of the same file.
///
/// Equal versions mean equal bytes only if the times are older than the backing's clock granularity
/// ([`crate::Caps::granularity`]); two changes within one tick leave the same version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Version {
    /// Length in bytes.
    pub size: u64,
    /// Last change of the contents.
    pub mtime: Time,
    /// Last change of contents or attributes.
    pub ctime: Time,
    /// The backing's change tag, 0 where it has none.
    pub tag: u64,
}
