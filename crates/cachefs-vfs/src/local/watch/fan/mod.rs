//! fanotify: on whole filesystems, or directory by directory.
//!
//! On whole filesystems, openings are told of in directories that are marked one by one. The marks of the first 16,384
//! of them stay; the kernel drops others together with their directories when it needs the memory, and who opens a
//! file in such a directory is noticed only by what it changes (a store through a mapping, when it ends).

mod devices;
mod ends;
mod opens;
mod tell;
#[cfg(test)]
mod tests;
mod watched;

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, BorrowedFd};

use cachefs_sys::fanotify::{Detail, Group, Mask, Reach};
use cachefs_sys::handle;
use rustix::fs::{CWD, Mode, OFlags, fstatfs, fstatvfs, openat};
use rustix::io::Errno;

use self::devices::{Device, Devices};
use self::opens::Opens;
use self::watched::Watched;
use super::super::node::Node;
use super::super::{Shared, open};
use super::mounts::Change;
use super::refuse;
use super::source::{Source, Teller};
use crate::{Error, FileId, FileKind, Result, WatchMethod};

/// A fanotify group and what it is marked on.
#[derive(Debug)]
pub(super) struct Fan {
    group: Group,
    /// On whole filesystems; else on directories and files one by one.
    whole: bool,
    /// Also where others change things unseen.
    force: bool,
    /// The filesystem of the root, which stays for as long as the root is open.
    root_device: u64,
    detail: Detail,
    devices: Devices,
    /// What is marked one by one.
    watched: Watched,
    /// Marks for openings, in addition to those of whole filesystems.
    opens: Opens,
}

const TOUCHES: Mask = Mask::MODIFY.union(Mask::ATTRIB).union(Mask::CLOSE_WRITE).union(Mask::DELETE_SELF);

impl Fan {
    /// Watches all of the root's filesystem, and others below it once they are met.
    pub(super) fn whole(shared: &Shared, force: bool) -> Result<Self> {
        let fan = Self::new(shared, force, true)?;
        fan.include(shared, shared.root(), c".", fan.root_device)
            .map_err(|error| error.on("watching the whole filesystem of", &shared.path))?;
        Ok(fan)
    }

    /// Watches what it is told to.
    pub(super) fn by_directory(shared: &Shared, force: bool) -> Result<Self> {
        let fan = Self::new(shared, force, false)?;
        let works = handle::of_fd(shared.root()).and_then(|_| {
            fan.group.mark(Reach::Inode, Mask::CREATE, shared.root(), Some(c"."))?;
            fan.group.unmark(Reach::Inode, Mask::CREATE, shared.root(), Some(c"."))
        });
        works.map_err(|errno| Error::new(errno).on("watching directories by fanotify in", &shared.path))?;
        Ok(fan)
    }

    fn new(shared: &Shared, force: bool, whole: bool) -> Result<Self> {
        let group = match Group::new(Detail::Target) {
            Err(Errno::INVAL) => Group::new(Detail::Names).map(|group| (group, Detail::Names)),
            group => group.map(|group| (group, Detail::Target)),
        };
        let (group, detail) =
            group.map_err(|errno| Error::new(errno).on("watching by fanotify", &shared.path))?;
        Ok(Self {
            group,
            whole,
            force,
            root_device: shared.stat_fd(shared.root())?.id.device,
            detail,
            devices: Devices::default(),
            watched: Watched::default(),
            opens: Opens::default(),
        })
    }

    /// What happens to names, as the kernel tells it.
    fn names(&self) -> Mask {
        let renames = match self.detail {
            Detail::Target => Mask::RENAME,
            Detail::Names => Mask::MOVED_FROM | Mask::MOVED_TO,
        };
        Mask::CREATE | Mask::DELETE | Mask::ON_DIR | renames
    }

    /// Marks the filesystem `device`, of which `file` is, by a path as seen from `file`.
    fn include(&self, shared: &Shared, file: BorrowedFd<'_>, path: &CStr, device: u64) -> Result<()> {
        if device == self.root_device && self.devices.covers(device) {
            return Ok(());
        }
        self.learn(shared, file, device)?;
        // A filesystem that was unmounted and mounted again has lost its mark; set again, it costs little.
        match self.group.mark(Reach::Filesystem, self.names() | TOUCHES, file, Some(path)) {
            Ok(()) => {
                self.devices.set_covered(device);
                Ok(())
            }
            Err(error) => {
                self.devices.remove(&[device]);
                Err(error.into())
            }
        }
    }

    /// Learns by which number events tell of the filesystem `device`, before there are any.
    fn learn(&self, shared: &Shared, file: BorrowedFd<'_>, device: u64) -> Result<()> {
        if self.devices.knows(device) && device == self.root_device {
            return Ok(());
        }
        if !self.force {
            refuse::check(fstatfs(file)?.f_type, &shared.path)?;
        }
        let scheme = shared.generations.scheme(device).ok_or(Error::unsupported())?;
        if self.whole && !scheme.tells_identity() {
            let what = "watching as a whole a filesystem that alone understands its file handles:";
            return Err(Error::unsupported().on(what, &shared.path));
        }
        let mount = if device == self.root_device { None } else { ends::mount_of(file)? };
        self.devices.learn(Device { fsid: fstatvfs(file)?.f_fsid, device, scheme, mount, covered: false })
    }

    fn add_whole(&self, node: &Node, id: FileId) -> Result<()> {
        if node.kind != FileKind::Directory {
            return self.include(&node.shared, node.fd(), &path_of(node)?, id.device);
        }
        self.include(&node.shared, node.fd(), c".", id.device)?;
        let mask = Mask::OPEN | Mask::ON_CHILD;
        self.opens.add(id, |reach| self.group.mark(reach, mask, node.fd(), Some(c".")))
    }

    fn add_one(&self, node: &Node, id: FileId) -> Result<()> {
        // Elsewhere the mark may have ended with a mount, or be another inode's that had the number.
        if id.device == self.root_device && id.generation != 0 && self.watched.covers(id) {
            return Ok(());
        }
        self.learn(&node.shared, node.fd(), id.device)?;
        self.watched.learn(id, handle::of_fd(node.fd())?.bytes())?;
        let marked = if node.kind == FileKind::Directory {
            let mask = self.names() | TOUCHES | Mask::OPEN | Mask::MOVE_SELF | Mask::ON_CHILD;
            self.group.mark(Reach::Inode, mask, node.fd(), Some(c"."))
        } else {
            self.group.mark(Reach::Inode, TOUCHES | Mask::OPEN, CWD, Some(&path_of(node)?))
        };
        match marked {
            Ok(()) => self.watched.set_covered(id),
            Err(_) => self.watched.give_up(id),
        }
        Ok(marked?)
    }
}

/// A path to a file that may be open for its attributes only, which cannot be marked by its descriptor.
fn path_of(node: &Node) -> Result<CString> {
    CString::new(open::proc_path(node.fd())).map_err(|_| Errno::INVAL.into())
}

impl Source for Fan {
    fn method(&self) -> WatchMethod {
        if self.whole { WatchMethod::Filesystem } else { WatchMethod::Directories }
    }

    fn fd(&self) -> BorrowedFd<'_> {
        self.group.as_fd()
    }

    fn covers(&self, id: FileId) -> bool {
        if self.whole { self.devices.covers(id.device) } else { self.watched.covers(id) }
    }

    fn add(&self, node: &Node) -> Result<()> {
        let id = node.attr()?.id;
        if self.whole { self.add_whole(node, id) } else { self.add_one(node, id) }
    }

    fn read(&self, buffer: &mut [u8], teller: &Teller<'_>) -> Result<usize> {
        let length = match self.group.read(buffer) {
            Err(Errno::AGAIN | Errno::INTR) => return Ok(0),
            length => length?,
        };
        tell::all(self, &buffer[..length], teller)
    }

    fn recount(&self) -> Result<()> {
        self.count_marks()
    }

    fn ended(&self) -> Vec<u64> {
        self.devices.ended()
    }

    fn mounts_changed(&self, shared: &Shared, change: &Change<'_>) {
        // The root's filesystem lives as long as the root is open, whatever other mounts of it come and go.
        let mut broken = change.broken.clone();
        broken.retain(|device| *device != self.root_device);
        let known = self.devices.remove(&broken);
        self.watched.forget_devices(&broken);
        self.opens.retain(|id| !broken.contains(&id.device));
        for mount in change.now.iter().filter(|mount| self.whole && known.contains(&mount.device)) {
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let Ok(dir) = openat(CWD, &mount.point, flags, Mode::empty()) else { continue };
            let device = shared.stat_fd(dir.as_fd()).map(|attr| attr.id.device);
            if device == Ok(mount.device) {
                // What cannot be marked again is not covered any more, which is all there is to say.
                drop(self.include(shared, dir.as_fd(), c".", mount.device));
            }
        }
    }

    fn marks(&self) -> u64 {
        if self.whole { self.devices.covered() + self.opens.pinned() } else { self.watched.covered() }
    }
}
