//! The small types that say how a verb is to be done.

use crate::Mode;

/// What a file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// Attributes, xattrs and links only; any kind of file, also a symlink itself, without read permission (as
    /// `O_PATH`).
    Path,
    /// Reading.
    Read,
    /// Writing.
    Write,
    /// Both.
    ReadWrite,
}

impl Access {
    /// Whether bytes may be read.
    #[must_use]
    pub fn reads(self) -> bool {
        matches!(self, Self::Read | Self::ReadWrite)
    }

    /// Whether bytes may be written.
    #[must_use]
    pub fn writes(self) -> bool {
        matches!(self, Self::Write | Self::ReadWrite)
    }
}

/// How a file is opened. Symlinks are never followed: opening one other than for [`Access::Path`] is `ELOOP`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenHow {
    /// What for.
    pub access: Access,
    /// Cut to length 0 (needs write access).
    pub truncate: bool,
    /// Every read comes from the backing, past every cache that can be passed.
    pub direct: bool,
}

impl OpenHow {
    /// Opens for `access`, nothing more.
    #[must_use]
    pub const fn new(access: Access) -> Self {
        Self { access, truncate: false, direct: false }
    }
}

/// How a file is created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreateHow {
    /// How it is opened; an existing file is opened thus when `exclusive` is false.
    pub open: OpenHow,
    /// The mode of a new file, before the owner's umask or a default ACL.
    pub mode: Mode,
    /// `EEXIST` if the name is taken.
    pub exclusive: bool,
}

/// What [`crate::VDir::make_node`] makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// An empty regular file.
    Regular,
    /// A named pipe.
    Fifo,
    /// A unix socket's name.
    Socket,
    /// A character device of this number (`st_rdev`).
    CharDevice(u64),
    /// A block device of this number (`st_rdev`).
    BlockDevice(u64),
}

/// What [`crate::VDir::remove`] may remove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemoveKind {
    /// Anything but a directory (`EISDIR`), as `unlink`.
    File,
    /// An empty directory (`ENOTDIR`, `ENOTEMPTY`), as `rmdir`.
    Dir,
}

/// What happens to the target of a rename.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenameHow {
    /// It is replaced, atomically.
    Replace,
    /// `EEXIST` if it exists.
    NoReplace,
    /// Both names must exist and change places, atomically.
    Exchange,
}

/// Whether a change of the contents strips set-id bits and file capabilities, as it does for a caller without
/// `CAP_FSETID`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Privileges {
    /// They stay as far as the process itself may let them stay.
    Keep,
    /// They go.
    Drop,
}

/// What [`crate::VFile::allocate`] does with a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllocateHow {
    /// Reserves space; the file grows to the range's end.
    Grow,
    /// Reserves space beyond the end without changing the length.
    KeepSize,
    /// Makes a hole that reads as zeros; the length stays.
    PunchHole,
    /// Zeroes; the file grows to the range's end.
    Zero,
    /// Zeroes without changing the length.
    ZeroKeepSize,
    /// Takes the range out; what follows moves down (block-aligned).
    Collapse,
    /// Moves what follows up and leaves a hole (block-aligned).
    Insert,
}

/// What [`crate::VFile::seek`] looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeekTo {
    /// The next byte that is not in a hole.
    Data,
    /// The next hole; the end of the file counts as one.
    Hole,
}

/// How much a sync makes durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncHow {
    /// The bytes and the length (`fdatasync`).
    Data,
    /// The attributes, too (`fsync`).
    All,
}

/// Whether an xattr must exist before it is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum XattrHow {
    /// Either.
    Set,
    /// `EEXIST` if it does.
    Create,
    /// `ENODATA` if it does not.
    Replace,
}

/// How full a filesystem is, as `statvfs` tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FsStat {
    /// Unit of `blocks`, `blocks_free` and `blocks_available`, in bytes (`f_frsize`).
    pub fragment_size: u32,
    /// Preferred I/O size in bytes (`f_bsize`).
    pub block_size: u32,
    /// Size in fragments.
    pub blocks: u64,
    /// Free fragments.
    pub blocks_free: u64,
    /// Free fragments for unprivileged users.
    pub blocks_available: u64,
    /// Number of inodes.
    pub files: u64,
    /// Free inodes.
    pub files_free: u64,
    /// Longest name in bytes.
    pub name_max: u32,
}
