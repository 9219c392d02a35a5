//! A directory of this machine as a [`Vfs`].

mod attr;
mod by_id;
mod caps;
mod dir;
mod direct;
mod file;
mod generation;
mod impersonate;
mod listing;
mod node;
mod open;
mod reopen;
mod watch;

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{self, Path, PathBuf};
use std::sync::Arc;

use rustix::fs::fstatvfs;

use self::dir::LocalDir;
use self::generation::Generations;
use self::node::Node;
use crate::{Caps, FileId, FileKind, FsStat, Object, Opened, Result, VDir, Vfs, Watch, WatchHow, Watcher};

/// A real directory: every verb goes to the kernel, as the process itself, except for creations with
/// [`LocalFs::impersonate`].
///
/// Nothing outside the directory is reachable: names are single components, symlinks are never followed. Other
/// filesystems mounted inside belong to it; their [`FileId::device`] differs. Each handle holds one descriptor (two
/// with [`crate::OpenHow::direct`]), which the caller has to bound.
///
/// A watch tells of changes by whatever means [`WatchHow::method`] asks for, and is lost when the path that was opened
/// leads elsewhere. Of times, it does not tell of those of reading; by inotify, it tells of own changes as well, and no
/// longer of a file that has lost the name it was watched by. Mounts inside show as [`crate::Notice::Overflow`];
/// [`crate::VNode::watch`] has to be called again then for what is on them.
///
/// A process with `CAP_FSETID` changes that capability of the calling thread as [`crate::Privileges`] asks, and
/// leaves it so until the next verb.
#[derive(Clone, Debug)]
pub struct LocalFs {
    shared: Arc<Shared>,
    caps: Caps,
}

/// What all handles of one directory have in common.
#[derive(Debug)]
struct Shared {
    root: OwnedFd,
    /// Whether `root` is open for no more than walking.
    root_by_path: bool,
    generations: Generations,
    /// Where the root was when it was opened.
    path: PathBuf,
}

impl LocalFs {
    /// Opens `path`, which may be a symlink to a directory.
    ///
    /// # Errors
    /// Those of opening it, with the path: `ENOENT`, `ENOTDIR`, `EACCES`.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Self::open_path(path).map_err(|error| error.on("opening the directory", path))
    }

    fn open_path(path: &Path) -> Result<Self> {
        let (root, root_by_path) = open::top(path)?;
        let path = path::absolute(path)?;
        let shared = Shared { root, root_by_path, generations: Generations::default(), path };
        let caps = caps::probe(&shared)?;
        Ok(Self { shared: Arc::new(shared), caps })
    }

    /// Whether what is created belongs to the [`crate::Owner`] given and is created with that user's permissions
    /// (default: no, everything is created by the process). For a process that is root.
    ///
    /// A thread that creates with it loses its own supplementary groups for good.
    #[must_use]
    pub fn impersonate(mut self, on: bool) -> Self {
        self.caps.owners = on;
        self
    }

    fn dir(&self, fd: OwnedFd, by_path: bool) -> Arc<dyn VDir> {
        let node = Node { fd, by_path, kind: FileKind::Directory, shared: Arc::clone(&self.shared) };
        Arc::new(LocalDir { node, impersonate: self.caps.owners })
    }
}

impl Vfs for LocalFs {
    fn caps(&self) -> Caps {
        self.caps
    }

    fn root(&self) -> Result<Arc<dyn VDir>> {
        let fd = self.shared.root.try_clone()?;
        Ok(self.dir(fd, self.shared.root_by_path))
    }

    fn stat_fs(&self) -> Result<FsStat> {
        let stat = fstatvfs(&self.shared.root)?;
        Ok(FsStat {
            fragment_size: u32::try_from(stat.f_frsize).unwrap_or(u32::MAX),
            block_size: u32::try_from(stat.f_bsize).unwrap_or(u32::MAX),
            blocks: stat.f_blocks,
            blocks_free: stat.f_bfree,
            blocks_available: stat.f_bavail,
            files: stat.f_files,
            files_free: stat.f_ffree,
            name_max: u32::try_from(stat.f_namemax).unwrap_or(u32::MAX),
        })
    }

    fn open_id(&self, id: FileId) -> Result<Opened<Object>> {
        by_id::open(self, id)
    }

    fn watch(&self, how: WatchHow, watcher: Arc<dyn Watcher>) -> Result<Arc<dyn Watch>> {
        watch::begin(&self.shared, how, watcher)
    }

    /// Nothing is known here that is not so.
    fn touched(&self, _: FileId) {}
}

impl Shared {
    fn root(&self) -> BorrowedFd<'_> {
        self.root.as_fd()
    }
}
