//! Between the types of the kernel's protocol and those of the filesystem.

use std::time::{Duration, SystemTime};

use cachefs_vfs::{
    Access, AllocateHow, Attr, Errno, Error, FileKind, Groups, Mode, NodeKind, Owner, Privileges, RenameHow,
    Result, SeekTo, SetTime, SyncHow, Time,
};
use fuser::{FileAttr, FileType, Generation, INodeNo, RenameFlags, Request, TimeOrNow, WriteFlags};
use rustix::fs::{FallocateFlags, FileType as RawType, OFlags};

use crate::inodes::NodeId;
use crate::tree::WriteHow;

pub(super) fn file_type(kind: FileKind) -> FileType {
    match kind {
        FileKind::Regular => FileType::RegularFile,
        FileKind::Directory => FileType::Directory,
        FileKind::Symlink => FileType::Symlink,
        FileKind::Fifo => FileType::NamedPipe,
        FileKind::Socket => FileType::Socket,
        FileKind::CharDevice => FileType::CharDevice,
        FileKind::BlockDevice => FileType::BlockDevice,
    }
}

pub(super) fn file_attr(node: NodeId, attr: &Attr) -> FileAttr {
    FileAttr {
        ino: INodeNo(node.0),
        size: attr.size,
        blocks: attr.blocks,
        atime: system_time(attr.atime),
        mtime: system_time(attr.mtime),
        ctime: system_time(attr.ctime),
        crtime: system_time(attr.btime.unwrap_or_default()),
        kind: file_type(attr.kind),
        perm: u16::try_from(attr.mode.bits()).unwrap_or(0),
        nlink: attr.links,
        uid: attr.uid,
        gid: attr.gid,
        rdev: device_to_wire(attr.device),
        blksize: attr.block_size,
        flags: 0,
    }
}

/// The kernel has 32 bits for it.
pub(super) fn generation(attr: &Attr) -> Generation {
    let wide = attr.id.generation;
    Generation((wide ^ (wide >> 32)) & 0xffff_ffff)
}

fn system_time(time: Time) -> SystemTime {
    let second = Duration::from_secs(time.seconds.unsigned_abs());
    let whole = match time.seconds {
        0.. => SystemTime::UNIX_EPOCH.checked_add(second),
        _ => SystemTime::UNIX_EPOCH.checked_sub(second),
    };
    let nanos = Duration::from_nanos(u64::from(time.nanos));
    whole.and_then(|t| t.checked_add(nanos)).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// For times before the epoch the library subtracts the nanoseconds that it should add: undone here.
pub(super) fn set_time(time: TimeOrNow) -> SetTime {
    let TimeOrNow::SpecificTime(time) = time else { return SetTime::Now };
    let (seconds, nanos) = match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => (i64::try_from(after.as_secs()).unwrap_or(i64::MAX), after.subsec_nanos()),
        Err(before) => {
            let before = before.duration();
            (0_i64.saturating_sub_unsigned(before.as_secs()), before.subsec_nanos())
        }
    };
    SetTime::To(Time { seconds, nanos })
}

/// The kernel's 32-bit form: 12 bits of major between 8 and 12 bits of minor.
fn device_to_wire(device: u64) -> u32 {
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    (minor & 0xff) | (major << 8) | ((minor & !0xff) << 12)
}

fn device_from_wire(wire: u32) -> u64 {
    rustix::fs::makedev((wire >> 8) & 0xfff, (wire & 0xff) | ((wire >> 12) & 0xf_ff00))
}

pub(super) fn node_kind(mode: u32, device: u32) -> Result<NodeKind> {
    match RawType::from_raw_mode(mode) {
        RawType::RegularFile | RawType::Unknown if mode & 0o170_000 == 0 || mode & 0o170_000 == 0o100_000 => {
            Ok(NodeKind::Regular)
        }
        RawType::Fifo => Ok(NodeKind::Fifo),
        RawType::Socket => Ok(NodeKind::Socket),
        RawType::CharacterDevice => Ok(NodeKind::CharDevice(device_from_wire(device))),
        RawType::BlockDevice => Ok(NodeKind::BlockDevice(device_from_wire(device))),
        _ => Err(Error::new(Errno::INVAL)),
    }
}

/// On whose behalf a request creates something.
pub(super) fn owner(request: &Request, umask: u32) -> Owner {
    let groups = match request.pid() {
        0 => Groups::None,
        pid => Groups::OfProcess(pid),
    };
    Owner { uid: Some(request.uid()), gid: Some(request.gid()), groups, umask: Some(Mode::new(umask)) }
}

pub(super) fn flags(raw: i32) -> OFlags {
    OFlags::from_bits_retain(raw.cast_unsigned())
}

pub(super) fn access(flags: OFlags) -> Access {
    match flags & OFlags::RWMODE {
        OFlags::WRONLY => Access::Write,
        OFlags::RDWR => Access::ReadWrite,
        _ => Access::Read,
    }
}

/// How a request writes. Pages that come from an mmap have their place, also if the file was opened for appending. The
/// kernel follows a synchronous write up by an fsync, unless the write was direct.
pub(super) fn write_how(offset: u64, from: WriteFlags, flags: OFlags) -> WriteHow {
    let pages = from.contains(WriteFlags::FUSE_WRITE_CACHE);
    let appends = flags.contains(OFlags::APPEND) && !pages;
    let privileges = match from.contains(WriteFlags::FUSE_WRITE_KILL_SUIDGID) {
        true => Privileges::Drop,
        false => Privileges::Keep,
    };
    let sync = match flags.contains(OFlags::DIRECT) {
        true if flags.contains(OFlags::SYNC) => Some(SyncHow::All),
        true if flags.contains(OFlags::DSYNC) => Some(SyncHow::Data),
        _ => None,
    };
    WriteHow { offset, appends, privileges, pages, sync }
}

pub(super) fn rename_how(flags: RenameFlags) -> Result<RenameHow> {
    if flags.is_empty() {
        Ok(RenameHow::Replace)
    } else if flags == RenameFlags::RENAME_NOREPLACE {
        Ok(RenameHow::NoReplace)
    } else if flags == RenameFlags::RENAME_EXCHANGE {
        Ok(RenameHow::Exchange)
    } else {
        Err(Error::new(Errno::INVAL))
    }
}

const SEEK_DATA: i32 = 3;
const SEEK_HOLE: i32 = 4;

pub(super) fn seek_to(whence: i32) -> Result<SeekTo> {
    match whence {
        SEEK_DATA => Ok(SeekTo::Data),
        SEEK_HOLE => Ok(SeekTo::Hole),
        _ => Err(Error::new(Errno::INVAL)),
    }
}

pub(super) fn allocate_how(mode: i32) -> Result<AllocateHow> {
    let flags = FallocateFlags::from_bits_retain(mode.cast_unsigned());
    let keep = FallocateFlags::KEEP_SIZE;
    let zero = FallocateFlags::ZERO_RANGE;
    if flags.is_empty() {
        Ok(AllocateHow::Grow)
    } else if flags == keep {
        Ok(AllocateHow::KeepSize)
    } else if flags == keep | FallocateFlags::PUNCH_HOLE {
        Ok(AllocateHow::PunchHole)
    } else if flags == zero {
        Ok(AllocateHow::Zero)
    } else if flags == zero | keep {
        Ok(AllocateHow::ZeroKeepSize)
    } else if flags == FallocateFlags::COLLAPSE_RANGE {
        Ok(AllocateHow::Collapse)
    } else if flags == FallocateFlags::INSERT_RANGE {
        Ok(AllocateHow::Insert)
    } else {
        Err(Error::unsupported())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_numbers_survive_the_wire() {
        for (major, minor) in [(0, 0), (1, 3), (8, 255), (259, 4096), (0xfff, 0xf_ffff)] {
            let device = rustix::fs::makedev(major, minor);
            assert_eq!(device_from_wire(device_to_wire(device)), device, "{major}:{minor}");
        }
    }

    #[test]
    fn times_before_the_epoch_survive() {
        let time = Time { seconds: -2, nanos: 800_000_000 };
        let shown = system_time(time);
        assert_eq!(shown, SystemTime::UNIX_EPOCH - Duration::from_millis(1200));
        // As the library turns the kernel's (-2, 800,000,000) into a time.
        let received = SystemTime::UNIX_EPOCH - Duration::new(2, 800_000_000);
        assert_eq!(set_time(TimeOrNow::SpecificTime(received)), SetTime::To(time));
    }
}
