//! File handles: names for inodes that outlive descriptors, and tell two users of one inode number apart.

use std::ffi::{CStr, c_int, c_uint};
use std::fmt;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use rustix::fs::OFlags;
use rustix::io::{Errno, Result};
use rustix::path::Arg;

/// The longest handle Linux gives, in bytes.
const LENGTH_MAX: usize = CAPACITY as usize;
const CAPACITY: c_uint = 128;

/// What a filesystem calls one of its inodes: a type and some bytes that only it understands.
#[derive(Clone)]
#[repr(C)]
pub struct FileHandle {
    length: c_uint,
    kind: c_int,
    bytes: [u8; LENGTH_MAX],
}

impl FileHandle {
    /// A handle of these parts. `None` if it is longer than Linux allows.
    #[must_use]
    pub fn new(kind: i32, bytes: &[u8]) -> Option<Self> {
        let length = c_uint::try_from(bytes.len()).ok()?;
        let mut handle = Self { length, kind, bytes: [0; LENGTH_MAX] };
        handle.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(handle)
    }

    /// The filesystem's own type number.
    #[must_use]
    pub fn kind(&self) -> i32 {
        self.kind
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..(self.length as usize).min(LENGTH_MAX)]
    }
}

impl PartialEq for FileHandle {
    fn eq(&self, other: &Self) -> bool {
        (self.kind, self.bytes()) == (other.kind, other.bytes())
    }
}

impl Eq for FileHandle {}

impl fmt::Debug for FileHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileHandle({:#x}, {:02x?})", self.kind, self.bytes())
    }
}

/// The handle of the file `name` in `dir`; a symlink is not followed.
///
/// # Errors
/// `EOPNOTSUPP` where the filesystem has no handles; those of a look-up.
pub fn of_name(dir: BorrowedFd<'_>, name: impl Arg) -> Result<FileHandle> {
    name.into_with_c_str(|name| name_to_handle(dir, name, 0))
}

/// The handle of an open file, also of one opened with `O_PATH`.
///
/// # Errors
/// `EOPNOTSUPP` where the filesystem has no handles.
pub fn of_fd(file: BorrowedFd<'_>) -> Result<FileHandle> {
    name_to_handle(file, c"", libc::AT_EMPTY_PATH)
}

fn name_to_handle(dir: BorrowedFd<'_>, name: &CStr, flags: c_int) -> Result<FileHandle> {
    let mut handle = FileHandle { length: CAPACITY, kind: 0, bytes: [0; LENGTH_MAX] };
    let mut mount: c_int = 0;
    // SAFETY: `name` ends with NUL, `handle` has the kernel's layout with room for the `length` bytes it tells of,
    // `mount` is a writable int; all outlive the call.
    let done = unsafe {
        libc::syscall(
            libc::SYS_name_to_handle_at,
            dir.as_raw_fd(),
            name.as_ptr(),
            &raw mut handle,
            &raw mut mount,
            flags,
        )
    };
    if done == 0 { Ok(handle) } else { Err(last_error()) }
}

/// Opens the inode that `handle` names on the filesystem that `mount`, any open file of it, lies on. The caller has
/// to check that it is one it may reach: a handle leads anywhere on the filesystem.
///
/// # Errors
/// `ESTALE` if there is no such inode (any more), `EPERM` without `CAP_DAC_READ_SEARCH`; those of an open.
pub fn open(mount: BorrowedFd<'_>, handle: &FileHandle, flags: OFlags) -> Result<OwnedFd> {
    // SAFETY: `handle` has the kernel's layout, is as long as it says and outlives the call.
    let fd = unsafe {
        libc::syscall(
            libc::SYS_open_by_handle_at,
            mount.as_raw_fd(),
            &raw const *handle,
            (flags | OFlags::CLOEXEC).bits(),
        )
    };
    match c_int::try_from(fd) {
        // SAFETY: a descriptor the kernel has just made for us and nobody else knows.
        Ok(fd) if fd >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        _ => Err(last_error()),
    }
}

fn last_error() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn name_and_descriptor_give_the_same_handle() {
        let dir = tempfile::tempdir().unwrap();
        let file = File::create(dir.path().join("a")).unwrap();
        File::create(dir.path().join("b")).unwrap();
        let top = File::open(dir.path()).unwrap();
        let by_name = match of_name(top.as_fd(), "a") {
            Err(Errno::OPNOTSUPP) => return println!("skipped: no handles here"),
            other => other.unwrap(),
        };
        assert_eq!(by_name, of_fd(file.as_fd()).unwrap());
        assert_ne!(by_name, of_name(top.as_fd(), "b").unwrap());
        assert_eq!(of_name(top.as_fd(), "c"), Err(Errno::NOENT));
        assert_eq!(by_name, FileHandle::new(by_name.kind(), by_name.bytes()).unwrap());
    }

    #[test]
    fn a_handle_leads_back_to_its_file() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a"), "x").unwrap();
        let top = File::open(dir.path()).unwrap();
        let Ok(handle) = of_name(top.as_fd(), "a") else { return println!("skipped: no handles here") };
        match open(top.as_fd(), &handle, OFlags::RDONLY) {
            Err(Errno::PERM) => println!("skipped: not root"),
            opened => assert_eq!(std::io::read_to_string(File::from(opened.unwrap())).unwrap(), "x"),
        }
    }

    #[test]
    fn a_handle_beyond_the_limit_is_none() {
        assert!(FileHandle::new(1, &[0; LENGTH_MAX]).is_some());
        assert!(FileHandle::new(1, &[0; LENGTH_MAX + 1]).is_none());
    }
}
