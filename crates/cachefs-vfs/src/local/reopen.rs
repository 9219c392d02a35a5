//! Opening once more what a handle stands for, be it by now without a name.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::dir::check_kind;
use super::file::LocalFile;
use super::node::Node;
use super::open;
use crate::{Access, FileKind, OpenHow, Result};

/// A descriptor for a verb that the handle's own may not be good for.
#[derive(Debug)]
pub(super) enum Usable<'a> {
    Own(BorrowedFd<'a>),
    Again(OwnedFd),
}

impl AsFd for Usable<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Own(fd) => *fd,
            Self::Again(fd) => fd.as_fd(),
        }
    }
}

impl LocalFile {
    /// Another handle of the file.
    pub(super) fn opened_again(&self, how: OpenHow) -> Result<Self> {
        if how.truncate {
            return Err(Errno::INVAL.into());
        }
        let by_path = how.access == Access::Path;
        if !by_path {
            check_kind(self.node.kind)?;
        }
        // The way there is a link of the kernel's, to be followed; what it leads to is not.
        let flags = open::flags(how.access).difference(OFlags::NOFOLLOW);
        let fd = match open::again(self.node.fd(), flags) {
            // Somebody has to give a lease back first, for which the kernel bounds the time.
            Err(Errno::AGAIN) => open::again(self.node.fd(), flags.difference(OFlags::NONBLOCK))?,
            fd => fd?,
        };
        let node = Node { fd, by_path, kind: self.node.kind, shared: Arc::clone(&self.node.shared) };
        Ok(Self::new(node, how))
    }

    /// The file opened for writing; a handle for less opens it anew.
    pub(super) fn for_writing(&self) -> Result<Usable<'_>> {
        if self.access.writes() {
            return Ok(Usable::Own(self.node.fd()));
        }
        match self.node.kind {
            FileKind::Regular => Ok(Usable::Again(open::again(self.node.fd(), OFlags::WRONLY)?)),
            FileKind::Directory => Err(Errno::ISDIR.into()),
            _ => Err(Errno::INVAL.into()),
        }
    }

    /// The file opened for anything but attributes; a handle for these opens it anew.
    pub(super) fn for_bytes(&self) -> Result<Usable<'_>> {
        if !self.node.by_path {
            return Ok(Usable::Own(self.node.fd()));
        }
        Ok(Usable::Again(open::again(self.node.fd(), OFlags::RDONLY | OFlags::NONBLOCK)?))
    }
}
