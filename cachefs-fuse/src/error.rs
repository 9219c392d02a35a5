use std::io;
use std::path::PathBuf;

use cachefs_vfs::Errno;

/// Why a filesystem could not be mounted or unmounted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MountError {
    /// The kernel's device cannot be opened.
    #[error("cannot open /dev/fuse: {0} (is the fuse module loaded, and may you use it?)")]
    Device(Errno),
    /// The mount point cannot be used.
    #[error("cannot use {} as a mount point: {source}", path.display())]
    MountPoint {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The kernel refused.
    #[error("cannot mount on {}: {errno}", path.display())]
    Refused {
        /// Where.
        path: PathBuf,
        /// Why.
        errno: Errno,
    },
    /// `fusermount3`, by which ordinary users mount, could not be run.
    #[error("cannot run fusermount3 (package fuse3), which users other than root need: {0}")]
    NoHelper(io::Error),
    /// `fusermount3` refused.
    #[error("{0}")]
    Helper(String),
    /// The kernel and the daemon did not come to terms.
    #[error("cannot talk to the kernel: {0}")]
    Handshake(io::Error),
    /// The filesystem to mount does not answer.
    #[error("cannot read the filesystem to mount: {0}")]
    Filesystem(cachefs_vfs::Error),
    /// Changes by others would go unseen.
    #[error("cannot watch the filesystem to mount: {0}")]
    Watch(cachefs_vfs::Error),
    /// A thread could not be started.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
    /// The mount is in use.
    #[error("{} is in use", path.display())]
    Busy {
        /// The mount point.
        path: PathBuf,
    },
    /// The mount could not be removed for another reason.
    #[error("cannot unmount {}: {errno}", path.display())]
    Unmount {
        /// The mount point.
        path: PathBuf,
        /// Why.
        errno: Errno,
    },
}
