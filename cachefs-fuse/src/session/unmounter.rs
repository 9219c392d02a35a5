use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use cachefs_vfs::Errno;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::mount::UnmountFlags;

use super::attach::HELPER;
use super::mountinfo::mounted_at;
use crate::MountError;

/// How a mount is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Only if nobody uses it.
    Plain,
    /// From the tree at once; those who use it may go on, and the connection ends with the last of them.
    Lazy,
}

/// Removes a mount, from any thread, also while it is being served.
#[derive(Clone, Debug)]
pub struct Unmounter(Arc<Target>);

#[derive(Debug)]
struct Target {
    path: PathBuf,
    /// `MAJOR:MINOR`, to tell our mount from another one at the same place.
    device: String,
    connection: OwnedFd,
}

impl Unmounter {
    pub(super) fn new(path: PathBuf, device: String, connection: OwnedFd) -> Self {
        Self(Arc::new(Target { path, device, connection }))
    }

    /// The mount point, as an absolute path without symlinks.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Removes the mount; nothing happens if it is gone already.
    ///
    /// # Errors
    /// [`MountError::Busy`] if it is in use (only [`How::Plain`]), [`MountError::Unmount`] if the kernel or
    /// `fusermount3` refuse for another reason.
    pub fn unmount(&self, how: How) -> Result<(), MountError> {
        if !self.is_mounted()? {
            return Ok(());
        }
        let mut flags = UnmountFlags::NOFOLLOW;
        flags.set(UnmountFlags::DETACH, how == How::Lazy);
        match rustix::mount::unmount(&self.0.path, flags) {
            Ok(()) => Ok(()),
            Err(Errno::PERM) => self.unmount_by_helper(how),
            Err(errno) => Err(self.refused(errno)),
        }
    }

    /// Whether our mount is the topmost at its place.
    fn is_mounted(&self) -> Result<bool, MountError> {
        let found = mounted_at(&self.0.path)
            .map_err(|e| self.refused(Errno::from_io_error(&e).unwrap_or(Errno::IO)))?;
        Ok(found.is_some_and(|entry| entry.device == self.0.device))
    }

    /// Whether the kernel has ended the connection, by now or, with `wait`, before anything disturbs the wait. That is
    /// not for a mount at work: who waits by this descriptor is woken by each request, beside who serves it.
    pub(super) fn has_ended(&self, wait: bool) -> Result<bool, Errno> {
        // No event is asked for: a connection that ended reports an error.
        let mut polled = [PollFd::new(&self.0.connection, PollFlags::empty())];
        let at_once = Timespec::default();
        match poll(&mut polled, (!wait).then_some(&at_once)) {
            Ok(_) => Ok(polled[0].revents().intersects(PollFlags::ERR | PollFlags::NVAL)),
            Err(Errno::INTR) => Ok(false),
            Err(errno) => Err(errno),
        }
    }

    /// Widens the kernel's readahead window, which it offers us only a part of. Ordinary users may not.
    pub(super) fn set_readahead(&self, bytes: u32) {
        let file = format!("/sys/class/bdi/{}/read_ahead_kb", self.0.device);
        if let Err(error) = std::fs::write(&file, (bytes / 1024).to_string()) {
            tracing::debug!(%error, file, "the readahead window stays as it is");
        }
    }

    /// `MAJOR:MINOR` of the filesystem, which tells it from all others of this machine.
    #[must_use]
    pub fn device(&self) -> &str {
        &self.0.device
    }

    pub(super) fn connection(&self) -> std::os::fd::BorrowedFd<'_> {
        self.0.connection.as_fd()
    }

    fn unmount_by_helper(&self, how: How) -> Result<(), MountError> {
        let mut command = Command::new(HELPER);
        command.arg("-u").stdin(Stdio::null()).stdout(Stdio::null());
        if how == How::Lazy {
            command.arg("-z");
        }
        let output = command.arg("--").arg(&self.0.path).output().map_err(MountError::NoHelper)?;
        if output.status.success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&output.stderr);
        if text.contains("busy") {
            return Err(self.refused(Errno::BUSY));
        }
        Err(MountError::Helper(text.trim().to_owned()))
    }

    fn refused(&self, errno: Errno) -> MountError {
        let path = self.0.path.clone();
        match errno {
            Errno::BUSY => MountError::Busy { path },
            errno => MountError::Unmount { path, errno },
        }
    }
}
