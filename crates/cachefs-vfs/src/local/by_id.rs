//! Files by identity, through handles made up from it.

use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use cachefs_sys::handle;
use rustix::fs::{CWD, Mode, OFlags, readlinkat};
use rustix::io::Errno;

use super::file::LocalFile;
use super::generation::Scheme;
use super::node::Node;
use super::{LocalFs, Shared, open};
use crate::{Access, Attr, Error, FileId, FileKind, Object, OpenHow, Opened, Result};

/// How often the path of a file that is being renamed, or a number that is being used again, is asked for.
const TRIES_MAX: usize = 8;

/// Opens the file `id`. One that the kernel knows no name of (any more, or since it forgot it) is `ESTALE`, because
/// it cannot be told to lie in this directory.
pub(super) fn open(fs: &LocalFs, id: FileId) -> Result<Opened<Object>> {
    if !fs.caps.open_id {
        return Err(Error::unsupported());
    }
    let found = find(&fs.shared, id)?;
    let attr = found.attr;
    let object = match attr.kind {
        FileKind::Directory => {
            let (fd, by_path) = match open::same_dir(found.handle.as_fd()) {
                Err(Errno::ACCESS) => (found.handle, true),
                fd => (fd?, false),
            };
            Object::Dir(fs.dir(fd, by_path))
        }
        kind => Object::File(Arc::new(file(&fs.shared, found.handle, kind)?)),
    };
    Ok(Opened { handle: object, attr })
}

/// Finds `id`, opened with `O_PATH`.
fn find(shared: &Shared, id: FileId) -> Result<Opened<OwnedFd>> {
    let root = shared.stat_fd(shared.root())?.id;
    if id.device != root.device {
        return Err(Errno::STALE.into());
    }
    let scheme = shared.generations.scheme(root.device).unwrap_or(Scheme::Birth);
    if id.generation == 0 && !scheme.any_generation() {
        return Err(Error::unsupported());
    }
    // A number too large for the handle is one that the filesystem never gave.
    let handle = scheme.handle(id).ok_or(Errno::STALE)?;
    let fd = open_handle(shared, &handle)?;
    let attr = shared.stat_fd(fd.as_fd())?;
    let same = attr.id.inode == id.inode && (id.generation == 0 || attr.id == id);
    if same && is_beneath(shared, fd.as_fd(), &attr, root)? {
        Ok(Opened { handle: fd, attr })
    } else {
        Err(Errno::STALE.into())
    }
}

/// Opens a handle. While its number is being given to a new file, ext4 answers as if memory were short; that passes,
/// and if it does not, the file that had the number is gone all the same.
fn open_handle(shared: &Shared, handle: &handle::FileHandle) -> Result<OwnedFd> {
    for _ in 0..TRIES_MAX {
        match handle::open(shared.root(), handle, OFlags::PATH) {
            Err(Errno::NOMEM) => std::thread::yield_now(),
            Err(Errno::NOENT | Errno::INVAL) => break,
            opened => return Ok(opened?),
        }
    }
    Err(Errno::STALE.into())
}

/// Whether a walk from the root leads to the file. The path that the kernel tells is no more than a hint where to
/// walk: it may go through what is mounted elsewhere.
fn is_beneath(shared: &Shared, file: BorrowedFd<'_>, attr: &Attr, root: FileId) -> Result<bool> {
    if attr.id == root {
        return Ok(true);
    }
    for _ in 0..TRIES_MAX {
        let top = readlinkat(CWD, open::proc_path(shared.root()), Vec::new())?;
        let path = readlinkat(CWD, open::proc_path(file), Vec::new())?;
        let Some(inner) = relative(top.as_bytes(), path.as_bytes()) else { return Ok(false) };
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match open::beneath(shared.root(), OsStr::from_bytes(inner), flags, Mode::empty()) {
            Ok(fd) if shared.stat_fd(fd.as_fd())?.id == attr.id => return Ok(true),
            Ok(_) | Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::XDEV) => {}
            Err(error) => return Err(error.into()),
        }
        if readlinkat(CWD, open::proc_path(file), Vec::new())? == path {
            return Ok(false);
        }
    }
    Ok(false)
}

/// `path` as seen from `top`; `None` if it is not below.
fn relative<'a>(top: &[u8], path: &'a [u8]) -> Option<&'a [u8]> {
    let top = top.strip_suffix(b"/").unwrap_or(top);
    path.strip_prefix(top)?.strip_prefix(b"/").filter(|inner| !inner.is_empty())
}

/// A regular file opened for as much as is allowed, anything else for its attributes.
fn file(shared: &Arc<Shared>, fd: OwnedFd, kind: FileKind) -> Result<LocalFile> {
    if kind.is_regular() {
        for access in [Access::ReadWrite, Access::Read, Access::Write] {
            match open::again(fd.as_fd(), open::flags(access).difference(OFlags::NOFOLLOW)) {
                Err(Errno::ACCESS | Errno::PERM | Errno::ROFS | Errno::TXTBSY | Errno::AGAIN) => {}
                opened => {
                    let node = Node { fd: opened?, by_path: false, kind, shared: Arc::clone(shared) };
                    return Ok(LocalFile::new(node, OpenHow::new(access)));
                }
            }
        }
    }
    let node = Node { fd, by_path: true, kind, shared: Arc::clone(shared) };
    Ok(LocalFile::new(node, OpenHow::new(Access::Path)))
}

/// Whether the root can be opened by a handle made up from its identity.
pub(super) fn is_possible(shared: &Shared) -> Result<bool> {
    let root = shared.stat_fd(shared.root())?.id;
    let Some(scheme) = shared.generations.scheme(root.device) else { return Ok(false) };
    let Some(made_up) = scheme.handle(root) else { return Ok(false) };
    let opened = handle::open(shared.root(), &made_up, OFlags::PATH);
    Ok(opened.is_ok_and(|fd| shared.stat_fd(fd.as_fd()).is_ok_and(|attr| attr.id == root)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_below_is_relative() {
        assert_eq!(relative(b"/a", b"/a/b/c"), Some(&b"b/c"[..]));
        assert_eq!(relative(b"/", b"/b"), Some(&b"b"[..]));
        for (top, path) in [("/a", "/a"), ("/a", "/ab"), ("/a", "/"), ("/", "/"), ("/a/b", "/a")] {
            assert_eq!(relative(top.as_bytes(), path.as_bytes()), None, "{path} from {top}");
        }
    }
}
