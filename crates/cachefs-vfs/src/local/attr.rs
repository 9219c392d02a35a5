use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::{AtFlags, FileType, Mode as RawMode, Statx, StatxFlags, StatxTimestamp, makedev, statx};
use rustix::io::Errno;

use super::generation::Scheme;
use super::{Shared, open};
use crate::{Access, Attr, FileId, FileKind, Mode, Result, Time};

/// How often attributes and handle of a name are asked for until both are of one file; after that it is opened.
const TRIES_MAX: usize = 8;

impl Shared {
    /// The attributes of what `name` stands for in `dir`: two system calls, unless somebody exchanges names.
    pub(super) fn stat_name(&self, dir: BorrowedFd<'_>, name: &OsStr) -> Result<Attr> {
        for _ in 0..TRIES_MAX {
            let found = raw(dir, name)?;
            let Some(scheme) = self.generations.scheme(device(&found)) else { break };
            if !scheme.has_handles() {
                return Ok(convert(&found, without_handle(scheme, &found)));
            }
            match cachefs_sys::handle::of_name(dir, name) {
                Ok(handle) => {
                    if let Some(generation) = scheme.generation(&handle, found.stx_ino) {
                        return Ok(convert(&found, generation));
                    }
                }
                Err(Errno::NOENT | Errno::STALE) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let fd = open::beneath(dir, name, open::flags(Access::Path), RawMode::empty())?;
        self.stat_fd(fd.as_fd())
    }

    /// The attributes of an open file: two system calls.
    pub(super) fn stat_fd(&self, fd: BorrowedFd<'_>) -> Result<Attr> {
        let found = raw(fd, OsStr::new(""))?;
        let scheme = match self.generations.scheme(device(&found)) {
            Some(scheme) => scheme,
            None => self.generations.learn(fd, device(&found), found.stx_ino)?,
        };
        if !scheme.has_handles() {
            return Ok(convert(&found, without_handle(scheme, &found)));
        }
        let handle = cachefs_sys::handle::of_fd(fd)?;
        let generation = scheme.generation(&handle, found.stx_ino).ok_or(Errno::STALE)?;
        Ok(convert(&found, generation))
    }
}

fn without_handle(scheme: Scheme, found: &Statx) -> u64 {
    if scheme == Scheme::Birth { birth(found) } else { 0 }
}

/// What a name in `dir` stands for, at the price of one system call.
pub(super) fn kind_of_name(dir: BorrowedFd<'_>, name: &OsStr) -> Result<FileKind> {
    let found = statx(dir, name, AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT, StatxFlags::TYPE)?;
    Ok(kind(&found))
}

/// An empty name stands for `dir` itself.
fn raw(dir: BorrowedFd<'_>, name: &OsStr) -> rustix::io::Result<Statx> {
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT | AtFlags::EMPTY_PATH;
    statx(dir, name, flags, StatxFlags::BASIC_STATS | StatxFlags::BTIME)
}

fn convert(found: &Statx, generation: u64) -> Attr {
    let kind = kind(found);
    let device_node = matches!(kind, FileKind::CharDevice | FileKind::BlockDevice);
    Attr {
        id: FileId { device: device(found), inode: found.stx_ino, generation },
        kind,
        mode: Mode::new(u32::from(found.stx_mode)),
        links: found.stx_nlink,
        uid: found.stx_uid,
        gid: found.stx_gid,
        device: if device_node { makedev(found.stx_rdev_major, found.stx_rdev_minor) } else { 0 },
        size: found.stx_size,
        blocks: found.stx_blocks,
        block_size: found.stx_blksize,
        atime: time(&found.stx_atime),
        mtime: time(&found.stx_mtime),
        ctime: time(&found.stx_ctime),
        btime: born(found).map(time),
        tag: 0,
    }
}

fn kind(found: &Statx) -> FileKind {
    // A type that Linux does not know is none whose bytes one could read.
    super::listing::kind(FileType::from_raw_mode(u32::from(found.stx_mode))).unwrap_or(FileKind::Socket)
}

fn device(found: &Statx) -> u64 {
    makedev(found.stx_dev_major, found.stx_dev_minor)
}

fn time(stamp: &StatxTimestamp) -> Time {
    Time { seconds: stamp.tv_sec, nanos: stamp.tv_nsec }
}

fn born(found: &Statx) -> Option<&StatxTimestamp> {
    let known = StatxFlags::from_bits_retain(found.stx_mask).contains(StatxFlags::BTIME);
    known.then_some(&found.stx_btime)
}

/// The birth in nanoseconds, as a number that differs between births; 0 if it is not known.
fn birth(found: &Statx) -> u64 {
    let nanos = |stamp: &StatxTimestamp| {
        stamp.tv_sec.cast_unsigned().wrapping_mul(1_000_000_000).wrapping_add(u64::from(stamp.tv_nsec))
    };
    born(found).map_or(0, nanos)
}
