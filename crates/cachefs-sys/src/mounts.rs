//! Whether a mount is still there.

use std::ffi::c_long;

use rustix::io::{Errno, Result};

/// `statmount(2)`, Linux 6.8; the same number on every machine Rust knows.
const STATMOUNT: c_long = 457;
/// `STATMOUNT_SB_BASIC`: which filesystem it is of. Asks nobody but the kernel.
const FILESYSTEM: u64 = 1;

/// `struct mnt_id_req`, in its first version.
#[repr(C)]
struct Request {
    size: u32,
    spare: u32,
    mount: u64,
    what: u64,
}

/// More than the fixed part of the answer, which is 512 bytes.
const ANSWER: usize = 1024;

/// Whether the mount of this number (that of `STATX_MNT_ID_UNIQUE`, which is never used again) is mounted.
///
/// # Errors
/// `ENOSYS` before Linux 6.8; `EPERM` for what cannot be reached from the process' root, and in some containers.
pub fn is_mounted(mount: u64) -> Result<bool> {
    #[expect(clippy::cast_possible_truncation, reason = "three numbers")]
    let size = size_of::<Request>() as u32;
    let request = Request { size, spare: 0, mount, what: FILESYSTEM };
    let mut answer = [0_u64; ANSWER / 8];
    // SAFETY: the kernel reads `size` bytes of the request and writes at most `ANSWER` into the answer; both outlive
    // the call.
    let done = unsafe { libc::syscall(STATMOUNT, &raw const request, answer.as_mut_ptr(), ANSWER, 0) };
    if done == 0 {
        return Ok(true);
    }
    match Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO) {
        Errno::NOENT => Ok(false),
        error => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use rustix::fs::{AtFlags, CWD, StatxFlags, statx};

    use super::*;

    #[test]
    fn what_is_mounted_is_told_from_what_is_not() {
        let unique = StatxFlags::from_bits_retain(0x4000);
        let root = statx(CWD, c"/", AtFlags::empty(), unique).unwrap();
        match is_mounted(root.stx_mnt_id) {
            Err(error) => return println!("skipped: the kernel does not tell: {error}"),
            mounted => assert_eq!(mounted, Ok(true)),
        }
        assert_eq!(is_mounted(1 << 60), Ok(false));
    }
}
