use std::ffi::CStr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use rustix::io::{Errno, Result, read};

use super::group::{init, last_error};
use super::{Mask, events};

/// What is used on one mount, by whomever. Its descriptor polls readable when there is something new; reading never
/// blocks for that, but the kernel opens each file for it, which asks the filesystem. Only for root.
#[derive(Debug)]
pub struct Sight {
    fd: OwnedFd,
}

/// Something that was used.
#[derive(Debug)]
pub struct Seen {
    /// How. [`Mask::OVERFLOW`]: what came after was not seen.
    pub mask: Mask,
    /// The process that did it, as this one sees it: 0 if it does not see it.
    pub pid: i32,
    /// It, opened for reading; `None` after an overflow.
    pub file: Option<OwnedFd>,
}

impl Sight {
    /// Room for any event, and for no more descriptors at a time than any process may have.
    pub const BUFFER: usize = 4096;

    /// What of `mask` happens on the mount that `path` lies on, from now on. The queue is of the system's usual length.
    ///
    /// # Errors
    /// `EPERM` for other users than root, `ENOSYS` without fanotify, `EINVAL` for what mounts cannot be asked for.
    pub fn of_mount(path: &CStr, mask: Mask) -> Result<Self> {
        let fd = init(libc::FAN_CLASS_NOTIF | libc::FAN_CLOEXEC | libc::FAN_NONBLOCK)?;
        let flags = libc::FAN_MARK_ADD | libc::FAN_MARK_MOUNT;
        // SAFETY: `path` ends with NUL and outlives the call; the rest are numbers.
        let done =
            unsafe { libc::fanotify_mark(fd.as_raw_fd(), flags, mask.bits(), libc::AT_FDCWD, path.as_ptr()) };
        if done == 0 { Ok(Self { fd }) } else { Err(last_error()) }
    }

    /// Hands out what happened, as much as fits into a buffer.
    ///
    /// # Errors
    /// `EAGAIN` if there was nothing. `EPROTO` for events that are not what this crate knows. Any other: a file could
    /// not be opened to be told of, and was left out; there may be more.
    pub fn read(&self, mut each: impl FnMut(Seen)) -> Result<()> {
        let mut buffer = [0; Self::BUFFER];
        let length = read(&self.fd, &mut buffer)?;
        for event in events(buffer.get(..length).ok_or(Errno::PROTO)?) {
            let event = event?;
            let is_open = event.fd >= 0;
            // SAFETY: a descriptor that the kernel has just made for this event; each event is looked at once.
            let file = is_open.then(|| unsafe { OwnedFd::from_raw_fd(event.fd) });
            each(Seen { mask: event.mask, pid: event.pid, file });
        }
        Ok(())
    }
}

impl AsFd for Sight {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::CString;
    use std::os::unix::ffi::OsStrExt;
    use std::path::{Path, PathBuf};

    use super::*;

    #[test]
    fn who_opens_and_reads_is_seen_with_the_file() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().canonicalize().unwrap().join("a");
        std::fs::write(&path, b"text").unwrap();
        let c_path = CString::new(path.as_os_str().as_bytes()).unwrap();
        let sight = match Sight::of_mount(&c_path, Mask::OPEN | Mask::ACCESS) {
            Err(error) => return println!("skipped: mounts cannot be watched here: {error}"),
            sight => sight.unwrap(),
        };
        std::fs::read(&path).unwrap();
        let own = i32::try_from(std::process::id()).unwrap();
        let mut seen = Vec::new();
        // Others use the same mount.
        while sight.read(|event| seen.push(event)).is_ok() {}
        let link = |file: &OwnedFd| -> PathBuf {
            std::fs::read_link(Path::new("/proc/self/fd").join(file.as_raw_fd().to_string())).unwrap()
        };
        let ours =
            seen.iter().filter(|seen| seen.pid == own && seen.file.as_ref().map(link) == Some(path.clone()));
        let masks = ours.fold(Mask::default(), |masks, seen| masks | seen.mask);
        assert!(masks.intersects(Mask::OPEN) && masks.intersects(Mask::ACCESS), "{seen:?}");
    }
}
