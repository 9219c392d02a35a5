//! inotify: directory by directory, without telling who did it.

mod event;
mod table;
mod tell;

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;

use parking_lot::Mutex;
use rustix::fs::fstatfs;
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::io::{Errno, read};

use self::table::Table;
use super::super::node::Node;
use super::super::{Shared, open};
use super::alive::alive;
use super::mounts::Change;
use super::refuse;
use super::source::{Source, Teller};
use crate::{Error, FileId, FileKind, Result, WatchMethod};

/// An inotify queue and what is watched by it.
#[derive(Debug)]
pub(super) struct Ino {
    queue: OwnedFd,
    force: bool,
    root_device: u64,
    path: PathBuf,
    /// Held while a watch is added, so that no event of it comes before it is known. That asks no backing.
    table: Mutex<Table>,
}

const TOUCHES: WatchFlags = WatchFlags::MODIFY
    .union(WatchFlags::ATTRIB)
    .union(WatchFlags::CLOSE_WRITE)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF);
const NAMES: WatchFlags = WatchFlags::CREATE.union(WatchFlags::DELETE).union(WatchFlags::MOVE);

impl Ino {
    pub(super) fn new(shared: &Shared, force: bool) -> Result<Self> {
        let queue = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)
            .map_err(|errno| Error::new(errno).on("watching by inotify", &shared.path))?;
        let root_device = shared.stat_fd(shared.root())?.id.device;
        Ok(Self { queue, force, root_device, path: shared.path.clone(), table: Mutex::default() })
    }
}

impl Source for Ino {
    fn method(&self) -> WatchMethod {
        WatchMethod::Inotify
    }

    fn fd(&self) -> BorrowedFd<'_> {
        self.queue.as_fd()
    }

    fn covers(&self, id: FileId) -> bool {
        self.table.lock().covers(id)
    }

    fn add(&self, node: &Node) -> Result<()> {
        let id = node.attr()?.id;
        // Elsewhere the watch may have ended with a mount, or be another inode's that had the number.
        if id.device == self.root_device && id.generation != 0 && self.table.lock().covers(id) {
            return Ok(());
        }
        if !self.force && id.device != self.root_device {
            refuse::check(fstatfs(node.fd())?.f_type, &node.shared.path)?;
        }
        let flags = if node.kind == FileKind::Directory { TOUCHES | NAMES } else { TOUCHES };
        let path = open::proc_path(node.fd());
        let mut table = self.table.lock();
        table.check_room()?;
        table.insert(inotify::add_watch(&self.queue, path, flags)?, id);
        Ok(())
    }

    fn read(&self, buffer: &mut [u8], teller: &Teller<'_>) -> Result<usize> {
        let length = match read(&self.queue, &mut *buffer) {
            Err(Errno::AGAIN | Errno::INTR) => return Ok(0),
            length => length?,
        };
        tell::all(self, &buffer[..length], teller)
    }

    fn recount(&self) -> Result<()> {
        // Asked first: what is watched from here on is left. The kernel does not use numbers again.
        let watches = self.table.lock().watches();
        let alive = alive(self.queue.as_fd(), "wd")?;
        let is_gone = |watch: &i32| u64::try_from(*watch).is_ok_and(|watch| !alive.contains(&watch));
        let mut table = self.table.lock();
        for watch in watches.into_iter().filter(is_gone) {
            table.remove(watch);
        }
        Ok(())
    }

    fn ended(&self) -> Vec<u64> {
        Vec::new()
    }

    /// Watches end with their mount, and say so.
    fn mounts_changed(&self, _: &Shared, _: &Change<'_>) {}

    fn marks(&self) -> u64 {
        self.table.lock().len()
    }
}
