//! Opening one component at a time, never through a symlink.

use std::ffi::OsStr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2};
use rustix::io::{Errno, Result, retry_on_intr};

use crate::Access;

/// How often `openat2` is asked again when renames disturb its walk.
const TRIES_MAX: usize = 64;

/// Set when the kernel has no `openat2`.
static WITHOUT_OPENAT2: AtomicBool = AtomicBool::new(false);

/// Opens a directory by path, following symlinks; for walking only (`true`) where it may not be read.
pub(super) fn top(path: &Path) -> Result<(OwnedFd, bool)> {
    directory(|flags| retry_on_intr(|| openat(CWD, path, flags, Mode::empty())))
}

/// Opens the directory `name`; for walking only (`true`) where it may not be read.
pub(super) fn dir(dir: BorrowedFd<'_>, name: &OsStr) -> Result<(OwnedFd, bool)> {
    match directory(|flags| beneath(dir, name, flags | OFlags::NOFOLLOW, Mode::empty())) {
        Err(Errno::LOOP) => Err(Errno::NOTDIR),
        other => other,
    }
}

/// Opens once more, for reading, the directory that `dir` is, with a position of its own.
pub(super) fn same_dir(dir: BorrowedFd<'_>) -> Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    retry_on_intr(|| openat(dir, c".", flags, Mode::empty()))
}

fn directory(open: impl Fn(OFlags) -> Result<OwnedFd>) -> Result<(OwnedFd, bool)> {
    let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
    match open(flags | OFlags::RDONLY) {
        Err(Errno::ACCESS) => Ok((open(flags | OFlags::PATH)?, true)),
        opened => Ok((opened?, false)),
    }
}

/// Opens `path` below `dir`, through no symlink and no `..`.
pub(super) fn beneath(dir: BorrowedFd<'_>, path: &OsStr, flags: OFlags, mode: Mode) -> Result<OwnedFd> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    for _ in 0..TRIES_MAX {
        if WITHOUT_OPENAT2.load(Ordering::Relaxed) {
            break;
        }
        match openat2(dir, path, flags, mode, resolve) {
            Err(Errno::NOSYS) => WITHOUT_OPENAT2.store(true, Ordering::Relaxed),
            Err(Errno::INTR) => {}
            // Also the answer of a file whose lease somebody has to give back first, which only the caller can tell.
            Err(Errno::AGAIN) if !flags.contains(OFlags::NONBLOCK) => {}
            opened => return opened,
        }
    }
    by_components(dir, Path::new(path), flags, mode)
}

/// As [`beneath`], for kernels without `openat2`.
fn by_components(dir: BorrowedFd<'_>, path: &Path, flags: OFlags, mode: Mode) -> Result<OwnedFd> {
    let last = path.file_name().ok_or(Errno::INVAL)?;
    let mut at: Option<OwnedFd> = None;
    for component in path.parent().into_iter().flat_map(Path::components) {
        let std::path::Component::Normal(name) = component else { return Err(Errno::XDEV) };
        let parent = at.as_ref().map_or(dir, AsFd::as_fd);
        let walk = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        at = Some(retry_on_intr(|| openat(parent, name, walk, Mode::empty()))?);
    }
    let parent = at.as_ref().map_or(dir, AsFd::as_fd);
    retry_on_intr(|| openat(parent, last, flags | OFlags::NOFOLLOW, mode))
}

/// The flags for `access`, on which no open waits for another process.
pub(super) fn flags(access: Access) -> OFlags {
    let kept = OFlags::CLOEXEC | OFlags::NOFOLLOW;
    match access {
        Access::Path => kept | OFlags::PATH,
        Access::Read => kept | OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY,
        Access::Write => kept | OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY,
        Access::ReadWrite => kept | OFlags::RDWR | OFlags::NONBLOCK | OFlags::NOCTTY,
    }
}

/// Opens once more the file that `fd` is, be it by now without a name.
pub(super) fn again(fd: BorrowedFd<'_>, flags: OFlags) -> Result<OwnedFd> {
    let path = proc_path(fd);
    retry_on_intr(|| openat(CWD, path.as_str(), flags | OFlags::CLOEXEC | OFlags::NOCTTY, Mode::empty()))
}

/// A path that leads to the very file `fd` is, symlinks included.
pub(super) fn proc_path(fd: BorrowedFd<'_>) -> String {
    format!("/proc/self/fd/{}", fd.as_raw_fd())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn both_ways_of_walking_stay_beneath() {
        let outer = tempfile::tempdir().unwrap();
        fs::create_dir_all(outer.path().join("top/a/b")).unwrap();
        fs::write(outer.path().join("secret"), "x").unwrap();
        symlink("..", outer.path().join("top/a/up")).unwrap();
        symlink("../secret", outer.path().join("top/link")).unwrap();
        let (top, _) = top(&outer.path().join("top")).unwrap();
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        for open in [beneath, |dir: BorrowedFd<'_>, path: &OsStr, flags, mode| {
            by_components(dir, Path::new(path), flags, mode)
        }] {
            let open = |path: &str| open(top.as_fd(), OsStr::new(path), flags, Mode::empty());
            assert!(open("a/b").is_ok());
            for path in ["a/up/a", "link", "../secret", "/etc/passwd", "a/../../secret"] {
                assert!(open(path).is_err(), "{path}");
            }
        }
    }
}
