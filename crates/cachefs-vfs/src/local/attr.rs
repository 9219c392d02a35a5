use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::{AtFlags, FileType, Mode as RawMode, Statx, StatxFlags, StatxTimestamp, makedev, statx};
use rustix::io::Errno;

use super::generation::{Scheme, Target};
use super::{Shared, open};
use crate::{Access, Attr, FileId, FileKind, Mode, Result, Time};

/// How often attributes and handle of a name are asked for until both are of one file; after that it is opened.
const TRIES_MAX: usize = 8;

impl Shared {
    /// The attributes of what `name` stands for in `dir`: two system calls, unless somebody exchanges names.
    pub(super) fn stat_name(&self, dir: BorrowedFd<'_>, name: &OsStr) -> Result<Attr> {
        let target = Target::Name(dir, name);
        for _ in 0..TRIES_MAX {
            let found = raw(target)?;
            if let Some(generation) = self.generation(target, &found)? {
                return Ok(convert(&found, generation));
            }
        }
        let fd = open::beneath(dir, name, open::flags(Access::Path), RawMode::empty())?;
        self.stat_fd(fd.as_fd())
    }

    /// The attributes of an open file: two system calls.
    pub(super) fn stat_fd(&self, fd: BorrowedFd<'_>) -> Result<Attr> {
        let target = Target::Fd(fd);
        let found = raw(target)?;
        if let Some(generation) = self.generation(target, &found)? {
            return Ok(convert(&found, generation));
        }
        if self.generations.scheme(device(&found)).is_some() {
            return Err(Errno::STALE.into());
        }
        self.generations.distrust(device(&found));
        Ok(convert(&found, birth(&found)))
    }

    /// `None` if the name stood for another file by the time its handle was taken.
    fn generation(&self, target: Target<'_>, found: &Statx) -> Result<Option<u64>> {
        let device = device(found);
        let known = self.generations.scheme(device);
        if known == Some(Scheme::Birth) {
            return Ok(Some(birth(found)));
        }
        let handle = target.handle();
        let scheme = match known {
            Some(scheme) => scheme,
            None => match self.generations.learn(device, found.stx_ino, &handle) {
                Some(Scheme::Birth) => return Ok(Some(birth(found))),
                Some(scheme) => scheme,
                None => return Ok(None),
            },
        };
        match handle {
            Ok(handle) => Ok(scheme.generation(&handle, found.stx_ino)),
            Err(Errno::NOENT | Errno::STALE) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// What a name in `dir` stands for, at the price of one system call.
pub(super) fn kind_of_name(dir: BorrowedFd<'_>, name: &OsStr) -> Result<FileKind> {
    let found = statx(dir, name, AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT, StatxFlags::TYPE)?;
    Ok(kind(&found))
}

fn raw(target: Target<'_>) -> rustix::io::Result<Statx> {
    let wanted = StatxFlags::BASIC_STATS | StatxFlags::BTIME;
    match target {
        Target::Name(dir, name) => {
            statx(dir, name, AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT, wanted)
        }
        Target::Fd(fd) => statx(fd, c"", AtFlags::EMPTY_PATH, wanted),
    }
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
