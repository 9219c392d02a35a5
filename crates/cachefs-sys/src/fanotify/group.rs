use std::ffi::{CStr, c_int, c_uint};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;

use rustix::io::{Errno, Result, read};

use super::Mask;

/// How much the events of a group tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Directory, name and inode. Linux 5.17.
    Target,
    /// Directory and name; the inode only where the event is not about the name itself. Linux 5.9.
    Names,
}

/// What a mark reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// An inode (with [`Mask::ON_CHILD`], also the files in it), which stays in memory for it.
    Inode,
    /// An inode, for as long as the kernel happens to keep it in memory. Linux 5.19.
    Evictable,
    /// All inodes of a filesystem. Only for root.
    Filesystem,
}

/// A queue of events and the marks that fill it. Its descriptor polls readable when there are events; reading never
/// blocks.
#[derive(Debug)]
pub struct Group {
    fd: OwnedFd,
}

impl Group {
    /// A group without marks, with a queue of the system's usual length.
    ///
    /// # Errors
    /// `EINVAL` where the kernel does not know such detail, `ENOSYS` without fanotify, `EMFILE` beyond the user's
    /// number of groups, `EPERM` before Linux 5.13 for other users than root.
    pub fn new(detail: Detail) -> Result<Self> {
        let flags = libc::FAN_CLASS_NOTIF | libc::FAN_CLOEXEC | libc::FAN_NONBLOCK | detail_flags(detail);
        match init(flags | libc::FAN_UNLIMITED_MARKS) {
            Err(Errno::PERM) => init(flags),
            group => group,
        }
        .map(|fd| Self { fd })
    }

    /// Adds `mask` to the mark of what `path` is as seen from `file`: `file` itself if there is none. Cheap if all of
    /// it is there already.
    ///
    /// # Errors
    /// `ENOSPC` beyond the user's number of marks, `EINVAL` for what the kernel does not know, `EPERM` for
    /// [`Reach::Filesystem`] by other users than root, `EACCES` for what one may not read, `ENODEV`, `EOPNOTSUPP` and
    /// `EXDEV` where the filesystem has no fitting identity or handles, `EBADF` without a path for an `O_PATH`
    /// descriptor.
    pub fn mark(&self, reach: Reach, mask: Mask, file: BorrowedFd<'_>, path: Option<&CStr>) -> Result<()> {
        self.change(libc::FAN_MARK_ADD | reach_flags(reach), mask, file, path)
    }

    /// Takes `mask` off the mark again; without any of it, the mark is gone.
    ///
    /// # Errors
    /// `ENOENT` if there is no such mark.
    pub fn unmark(&self, reach: Reach, mask: Mask, file: BorrowedFd<'_>, path: Option<&CStr>) -> Result<()> {
        let reach = if reach == Reach::Evictable { Reach::Inode } else { reach };
        self.change(libc::FAN_MARK_REMOVE | reach_flags(reach), mask, file, path)
    }

    fn change(&self, flags: c_uint, mask: Mask, file: BorrowedFd<'_>, path: Option<&CStr>) -> Result<()> {
        let path = path.map_or(ptr::null(), CStr::as_ptr);
        // SAFETY: `path` is null or ends with NUL and outlives the call; the rest are numbers.
        let done =
            unsafe { libc::fanotify_mark(self.fd.as_raw_fd(), flags, mask.bits(), file.as_raw_fd(), path) };
        if done == 0 { Ok(()) } else { Err(last_error()) }
    }

    /// Moves events into `buffer`, for [`super::events`], and answers how many bytes they take.
    ///
    /// # Errors
    /// `EAGAIN` if there are none, `EINVAL` if the first does not fit: 4096 bytes are enough for any.
    pub fn read(&self, buffer: &mut [u8]) -> Result<usize> {
        read(&self.fd, buffer)
    }
}

impl AsFd for Group {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// For reading, files of any length, in this process only.
const OPEN_FLAGS: c_uint = (libc::O_RDONLY | libc::O_LARGEFILE | libc::O_CLOEXEC).cast_unsigned();

fn detail_flags(detail: Detail) -> c_uint {
    match detail {
        Detail::Target => libc::FAN_REPORT_DFID_NAME_TARGET,
        Detail::Names => libc::FAN_REPORT_DFID_NAME | libc::FAN_REPORT_FID,
    }
}

fn reach_flags(reach: Reach) -> c_uint {
    match reach {
        Reach::Inode => libc::FAN_MARK_INODE,
        Reach::Evictable => libc::FAN_MARK_INODE | libc::FAN_MARK_EVICTABLE,
        Reach::Filesystem => libc::FAN_MARK_FILESYSTEM,
    }
}

pub(super) fn init(flags: c_uint) -> Result<OwnedFd> {
    // SAFETY: takes two numbers. The second is how files are opened in groups whose events hold descriptors.
    let fd: c_int = unsafe { libc::fanotify_init(flags, OPEN_FLAGS) };
    if fd < 0 {
        return Err(last_error());
    }
    // SAFETY: a descriptor the kernel has just made for us and nobody else knows.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

pub(super) fn last_error() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::process::Command;

    use super::super::{Event, events};
    use super::*;

    fn marked(dir: &File, mask: Mask) -> Option<Group> {
        let group = match Group::new(Detail::Target) {
            Err(error) => {
                println!("skipped: no fanotify here: {error}");
                return None;
            }
            group => group.unwrap(),
        };
        match group.mark(Reach::Inode, mask, dir.as_fd(), None) {
            Err(error @ (Errno::NODEV | Errno::OPNOTSUPP | Errno::XDEV)) => {
                println!("skipped: no handles here: {error}");
                None
            }
            done => {
                done.unwrap();
                Some(group)
            }
        }
    }

    fn all<'a>(group: &Group, buffer: &'a mut [u8]) -> Vec<Event<'a>> {
        let length = group.read(buffer).unwrap();
        events(&buffer[..length]).map(Result::unwrap).collect()
    }

    #[test]
    fn own_changes_and_others_come_with_their_process() {
        let temp = tempfile::tempdir().unwrap();
        let dir = File::open(temp.path()).unwrap();
        let Some(group) = marked(&dir, Mask::CREATE | Mask::DELETE | Mask::ON_DIR) else { return };
        File::create(temp.path().join("ours")).unwrap();
        assert!(Command::new("mkdir").arg(temp.path().join("theirs")).status().unwrap().success());
        let mut buffer = vec![0; 4096];
        let events = all(&group, &mut buffer);
        let of = |name: &[u8]| {
            *events.iter().find(|event| event.records().unwrap().entry.unwrap().name == name).unwrap()
        };
        let own = i32::try_from(std::process::id()).unwrap();
        assert_eq!((of(b"ours").pid, of(b"ours").mask), (own, Mask::CREATE));
        assert_ne!(of(b"theirs").pid, own);
        assert_eq!(of(b"theirs").mask, Mask::CREATE | Mask::ON_DIR);
        let records = of(b"theirs").records().unwrap();
        let theirs = crate::handle::of_name(dir.as_fd(), "theirs").unwrap();
        let top = crate::handle::of_fd(dir.as_fd()).unwrap();
        assert_eq!(
            (records.object.unwrap().kind, records.object.unwrap().bytes),
            (theirs.kind(), theirs.bytes())
        );
        assert_eq!(records.entry.unwrap().dir.bytes, top.bytes());
        assert_eq!(group.read(&mut buffer), Err(Errno::AGAIN));
    }

    #[test]
    fn a_rename_is_told_with_both_names() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("marked");
        std::fs::create_dir(&path).unwrap();
        let dir = File::open(&path).unwrap();
        let Some(group) = marked(&dir, Mask::RENAME) else { return };
        File::create(path.join("a")).unwrap();
        std::fs::rename(path.join("a"), path.join("b")).unwrap();
        std::fs::rename(path.join("b"), temp.path().join("b")).unwrap();
        let mut buffer = vec![0; 4096];
        let events = all(&group, &mut buffer);
        let name = |entry: Option<super::super::Entry<'_>>| entry.map(|entry| entry.name.to_vec());
        let names: Vec<_> = events
            .iter()
            .map(|event| event.records().unwrap())
            .map(|records| (name(records.old), name(records.new)))
            .collect();
        assert_eq!(names, [(Some(b"a".to_vec()), Some(b"b".to_vec())), (Some(b"b".to_vec()), None)]);
    }

    #[test]
    fn what_is_no_longer_marked_is_no_longer_told() {
        let temp = tempfile::tempdir().unwrap();
        let dir = File::open(temp.path()).unwrap();
        let Some(group) = marked(&dir, Mask::CREATE) else { return };
        group.unmark(Reach::Inode, Mask::CREATE, dir.as_fd(), Some(c".")).unwrap();
        File::create(temp.path().join("a")).unwrap();
        assert_eq!(group.read(&mut [0; 4096]), Err(Errno::AGAIN));
        assert_eq!(group.unmark(Reach::Inode, Mask::CREATE, dir.as_fd(), None), Err(Errno::NOENT));
    }
}
