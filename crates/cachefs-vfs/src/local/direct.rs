use std::os::fd::{AsFd, BorrowedFd};

use cachefs_sys::{AlignedBuf, PAGE_SIZE};
use rustix::io::{Errno, Result, pread, retry_on_intr};

/// The longest piece read at once, in bytes.
const PIECE_MAX: usize = 256 << 10;

/// Reads from a file opened with `O_DIRECT`, whose offsets and memory must be aligned, whatever range is wanted.
/// Fewer bytes only at the end of the file.
///
/// # Errors
/// `EINVAL` where pages are too fine an alignment for the device.
pub(super) fn read(file: BorrowedFd<'_>, buffer: &mut [u8], offset: u64) -> Result<usize> {
    let mut bounce: Option<AlignedBuf> = None;
    let mut done = 0;
    while done < buffer.len() {
        let at = offset.checked_add(done as u64).ok_or(Errno::INVAL)?;
        let rest = &mut buffer[done..];
        let before = usize::try_from(at % PAGE_SIZE as u64).map_err(|_| Errno::INVAL)?;
        let (read, wanted) = if before == 0 && is_aligned(rest) {
            (retry_on_intr(|| pread(file, &mut *rest, at))?, rest.len())
        } else {
            let length = (before + rest.len()).next_multiple_of(PAGE_SIZE).min(PIECE_MAX);
            let bounce = bounce.get_or_insert_with(|| AlignedBuf::pages(length));
            let piece = &mut bounce[..length];
            let read = retry_on_intr(|| pread(file, &mut *piece, at - before as u64))?;
            let useful = read.saturating_sub(before).min(rest.len());
            rest[..useful].copy_from_slice(&piece[before..before + useful]);
            (useful, rest.len().min(length - before))
        };
        done += read;
        // What ends in the middle of a page ends the file; asking on from there would not be aligned.
        if read == 0 || (read < wanted && !(at + read as u64).is_multiple_of(PAGE_SIZE as u64)) {
            break;
        }
    }
    Ok(done)
}

fn is_aligned(buffer: &[u8]) -> bool {
    buffer.as_ptr().addr().is_multiple_of(PAGE_SIZE) && buffer.len().is_multiple_of(PAGE_SIZE)
}

/// Opens `file` once more for [`read`]. `None` where that cannot be done, and reads have to go through the page cache.
pub(super) fn open(file: BorrowedFd<'_>) -> Option<std::os::fd::OwnedFd> {
    let flags = rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::DIRECT | rustix::fs::OFlags::NONBLOCK;
    super::open::again(file.as_fd(), flags).ok()
}
