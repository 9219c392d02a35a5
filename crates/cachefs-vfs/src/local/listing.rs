use std::ffi::OsStr;
use std::ops::ControlFlow;
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{FileType, RawDir, RawDirEntry, SeekFrom, seek};
use rustix::io::Errno;

use super::open;
use crate::{Cookie, DirEntry, FileKind, Name, Result, Sink};

/// Room for the first bite of a listing, in bytes: a reader that takes few entries makes the kernel sort few.
const FIRST_LENGTH: usize = 8 << 10;
/// Room for later ones.
const LENGTH_MAX: usize = 64 << 10;

/// Lists `dir` from `after` on, with a position of its own. Reads in growing bites, so that little is read in vain.
pub(super) fn read(dir: BorrowedFd<'_>, after: Cookie, sink: &mut Sink<'_>) -> Result<()> {
    let fd = open::same_dir(dir)?;
    if after != Cookie::START {
        seek(&fd, SeekFrom::Start(after.0))?;
    }
    let mut length = FIRST_LENGTH;
    let mut buffer = Vec::with_capacity(length);
    loop {
        let mut entries = RawDir::new(&fd, buffer.spare_capacity_mut());
        let mut empty = true;
        loop {
            match entries.next() {
                None => return Ok(()),
                Some(Err(Errno::INTR)) => {}
                // The directory itself was removed; it has no entries any more.
                Some(Err(Errno::NOENT)) => return Ok(()),
                Some(Err(error)) => return Err(error.into()),
                Some(Ok(entry)) => {
                    empty = false;
                    if give(&entry, sink)?.is_break() {
                        return Ok(());
                    }
                }
            }
            if !empty && entries.is_buffer_empty() {
                break;
            }
        }
        if length < LENGTH_MAX {
            length *= 2;
            buffer = Vec::with_capacity(length);
        }
    }
}

fn give(entry: &RawDirEntry<'_>, sink: &mut Sink<'_>) -> Result<ControlFlow<()>> {
    let name = entry.file_name().to_bytes();
    if matches!(name, b"." | b"..") {
        return Ok(ControlFlow::Continue(()));
    }
    Ok(sink(DirEntry {
        name: Name::new(OsStr::from_bytes(name))?,
        inode: entry.ino(),
        kind: kind(entry.file_type()),
        next: Cookie(entry.next_entry_cookie()),
        attr: None,
    }))
}

/// `None` where the filesystem does not tell.
pub(super) fn kind(file_type: FileType) -> Option<FileKind> {
    match file_type {
        FileType::RegularFile => Some(FileKind::Regular),
        FileType::Directory => Some(FileKind::Directory),
        FileType::Symlink => Some(FileKind::Symlink),
        FileType::Fifo => Some(FileKind::Fifo),
        FileType::Socket => Some(FileKind::Socket),
        FileType::CharacterDevice => Some(FileKind::CharDevice),
        FileType::BlockDevice => Some(FileKind::BlockDevice),
        FileType::Unknown => None,
    }
}
