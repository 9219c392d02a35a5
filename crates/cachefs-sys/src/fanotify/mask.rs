use std::ops::{BitOr, BitOrAssign};

/// A set of things that happen to files. An event that the kernel merged from several has the bits of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mask(u64);

impl Mask {
    /// Bytes or length changed.
    pub const MODIFY: Self = Self(libc::FAN_MODIFY);
    /// Anything else about the inode changed.
    pub const ATTRIB: Self = Self(libc::FAN_ATTRIB);
    /// A file that was open for writing was closed.
    pub const CLOSE_WRITE: Self = Self(libc::FAN_CLOSE_WRITE);
    /// A file was opened.
    pub const OPEN: Self = Self(libc::FAN_OPEN);
    /// Bytes were read, or a directory was listed.
    pub const ACCESS: Self = Self(libc::FAN_ACCESS);
    /// A name was made.
    pub const CREATE: Self = Self(libc::FAN_CREATE);
    /// A name was removed.
    pub const DELETE: Self = Self(libc::FAN_DELETE);
    /// A name went away with a rename.
    pub const MOVED_FROM: Self = Self(libc::FAN_MOVED_FROM);
    /// A name came with a rename.
    pub const MOVED_TO: Self = Self(libc::FAN_MOVED_TO);
    /// A rename, told once with both names. Linux 5.17.
    pub const RENAME: Self = Self(libc::FAN_RENAME);
    /// The inode is gone.
    pub const DELETE_SELF: Self = Self(libc::FAN_DELETE_SELF);
    /// The inode has another name or directory.
    pub const MOVE_SELF: Self = Self(libc::FAN_MOVE_SELF);
    /// Events were lost.
    pub const OVERFLOW: Self = Self(libc::FAN_Q_OVERFLOW);
    /// In a mark: also what happens to directories. In an event: it happened to a directory.
    pub const ON_DIR: Self = Self(libc::FAN_ONDIR);
    /// In the mark of a directory: also what happens to the files in it.
    pub const ON_CHILD: Self = Self(libc::FAN_EVENT_ON_CHILD);

    /// The set of these bits.
    pub(super) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The bits.
    pub(super) const fn bits(self) -> u64 {
        self.0
    }

    /// The things in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the sets have something in common.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl BitOr for Mask {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.union(other)
    }
}

impl BitOrAssign for Mask {
    fn bitor_assign(&mut self, other: Self) {
        *self = self.union(other);
    }
}
