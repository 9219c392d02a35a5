use crate::{FileId, Version};

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// A regular file.
    Regular,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A named pipe.
    Fifo,
    /// A unix domain socket.
    Socket,
    /// A character device.
    CharDevice,
    /// A block device.
    BlockDevice,
}

impl FileKind {
    /// Whether this is a directory.
    #[must_use]
    pub fn is_dir(self) -> bool {
        self == Self::Directory
    }

    /// Whether this is a regular file, the only kind whose bytes are cached.
    #[must_use]
    pub fn is_regular(self) -> bool {
        self == Self::Regular
    }
}

/// Permission bits with set-id and sticky: the low twelve bits of `st_mode`, never the file type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Mode(u16);

impl Mode {
    /// Keeps the low twelve bits of `bits`.
    #[must_use]
    pub const fn new(bits: u32) -> Self {
        Self((bits & 0o7777) as u16)
    }

    /// The twelve bits.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0 as u32
    }

    /// This mode less the bits of `umask`.
    #[must_use]
    pub const fn masked(self, umask: Self) -> Self {
        Self(self.0 & !umask.0)
    }

    /// Whether a write by an unprivileged user would strip a set-id bit: set-user-id always, set-group-id when the
    /// group may execute.
    #[must_use]
    pub const fn has_set_id(self) -> bool {
        self.0 & 0o4000 != 0 || self.0 & 0o2010 == 0o2010
    }
}

/// A point in time as the filesystem stores it: seconds since the epoch (may be negative) and nanoseconds within
/// that second (0 to 999,999,999). Ordered in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    pub seconds: i64,
    /// Nanoseconds after `seconds`.
    pub nanos: u32,
}

/// The attributes of a file, as one call to the backing saw them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attr {
    /// Which file this is.
    pub id: FileId,
    /// What it is.
    pub kind: FileKind,
    /// Permissions.
    pub mode: Mode,
    /// Number of names.
    pub links: u32,
    /// Owning user.
    pub uid: u32,
    /// Owning group.
    pub gid: u32,
    /// Device number of a device node, as `st_rdev`; 0 otherwise.
    pub device: u64,
    /// Length in bytes.
    pub size: u64,
    /// Allocated space in units of 512 bytes.
    pub blocks: u64,
    /// Preferred I/O size in bytes.
    pub block_size: u32,
    /// Last access.
    pub atime: Time,
    /// Last change of the contents.
    pub mtime: Time,
    /// Last change of the contents or the attributes.
    pub ctime: Time,
    /// Birth, where the filesystem keeps it.
    pub btime: Option<Time>,
    /// An opaque change tag (an etag, a change counter) where the backing has one; 0 where it has none.
    pub tag: u64,
}

impl Attr {
    /// What tells these contents from others of the same file.
    #[must_use]
    pub fn version(&self) -> Version {
        Version { size: self.size, mtime: self.mtime, ctime: self.ctime, tag: self.tag }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn set_id_is_stripped_as_the_kernel_does() {
        assert!(Mode::new(0o4644).has_set_id());
        assert!(Mode::new(0o2755).has_set_id());
        assert!(
            !Mode::new(0o2745).has_set_id(),
            "set-gid without group execute is mandatory locking, not set-id"
        );
        assert!(!Mode::new(0o1777).has_set_id());
    }

    #[test]
    fn a_mode_never_carries_the_type() {
        assert_eq!(Mode::new(0o100_644).bits(), 0o644);
        assert_eq!(Mode::new(0o777).masked(Mode::new(0o022)).bits(), 0o755);
    }
}
