//! Whether a file is open for writing, learnt by asking for a lease.

use std::ffi::c_int;
use std::os::fd::{AsRawFd, BorrowedFd};

use rustix::io::{Errno, Result};

/// Which signal tells of a lease that has to be given back; the same number on every machine Rust knows.
const F_SETSIG: c_int = 10;

/// Whether anybody, this process included, has the file open for writing, as of some moment during the call. `file`
/// has to be open for reading; if it is open for writing as well, the answer is that of itself.
///
/// For that moment the process holds a lease: whoever opens the file for writing just then waits for it to be given
/// back, which happens at once (or is told `EWOULDBLOCK`, if that is how it opens).
///
/// # Errors
/// `EACCES` for somebody else's file without `CAP_LEASE`, `EINVAL` for what is no regular file or where there are no
/// leases, `EBADF` for an `O_PATH` descriptor.
pub fn has_writer(file: BorrowedFd<'_>) -> Result<bool> {
    // Whom the lease stands in the way of is told to us by a signal. The usual one ends the process; this one is
    // ignored unless somebody asked for it.
    fcntl(file, F_SETSIG, libc::SIGURG)?;
    match fcntl(file, libc::F_SETLEASE, libc::F_RDLCK) {
        Ok(()) => match fcntl(file, libc::F_SETLEASE, libc::F_UNLCK) {
            // Another thread, asking by the same descriptor, has given it back already.
            Ok(()) | Err(Errno::AGAIN) => Ok(false),
            Err(error) => Err(error),
        },
        Err(Errno::AGAIN) => Ok(true),
        Err(error) => Err(error),
    }
}

fn fcntl(file: BorrowedFd<'_>, command: c_int, value: c_int) -> Result<()> {
    // SAFETY: both commands take a number and keep no memory of ours.
    let done = unsafe { libc::fcntl(file.as_raw_fd(), command, value) };
    if done != -1 {
        return Ok(());
    }
    Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO))
}

#[cfg(test)]
mod tests {
    use std::fs::{File, OpenOptions};
    use std::os::fd::AsFd;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn a_writer_is_seen_while_it_has_the_file_open() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        std::fs::write(&path, "x").unwrap();
        let file = File::open(&path).unwrap();
        match has_writer(file.as_fd()) {
            Err(error @ (Errno::INVAL | Errno::ACCESS)) => {
                return println!("skipped: no leases here: {error}");
            }
            none => assert_eq!(none, Ok(false)),
        }
        let reader = File::open(&path).unwrap();
        assert_eq!(has_writer(file.as_fd()), Ok(false), "readers do not count");
        let writer = OpenOptions::new().append(true).open(&path).unwrap();
        assert_eq!(has_writer(file.as_fd()), Ok(true));
        drop((writer, reader));
        assert_eq!(has_writer(file.as_fd()), Ok(false));
        let both = OpenOptions::new().read(true).write(true).open(&path).unwrap();
        assert_eq!(has_writer(both.as_fd()), Ok(true), "it counts itself");
    }

    #[test]
    fn who_opens_for_writing_meanwhile_does_not_end_the_process() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        std::fs::write(&path, "x").unwrap();
        let file = File::open(&path).unwrap();
        if has_writer(file.as_fd()).is_err() {
            return println!("skipped: no leases here");
        }
        let opened = AtomicBool::new(false);
        std::thread::scope(|threads| {
            for _ in 0..2 {
                threads.spawn(|| {
                    while !opened.load(Ordering::Relaxed) {
                        has_writer(file.as_fd()).unwrap();
                    }
                });
            }
            for _ in 0..2000 {
                drop(OpenOptions::new().write(true).open(&path).unwrap());
            }
            opened.store(true, Ordering::Relaxed);
        });
    }

    #[test]
    fn what_has_no_leases_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let top = File::open(dir.path()).unwrap();
        assert!(has_writer(top.as_fd()).is_err());
    }
}
