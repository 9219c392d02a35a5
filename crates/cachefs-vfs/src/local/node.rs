use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use cachefs_sys::credentials::set_fsetid;
use rustix::fs::{self, AtFlags, Gid, Mode as RawMode, Timespec, Timestamps, Uid, XattrFlags};
use rustix::io::Errno;

use super::{Shared, open};
use crate::{Attr, Error, FileKind, Mode, Result, SetAttr, SetTime, XattrHow};

/// An open inode: what directories and files have in common.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) fd: OwnedFd,
    /// Whether `fd` is opened with `O_PATH`, on which half of the system calls refuse to work.
    pub(super) by_path: bool,
    pub(super) kind: FileKind,
    pub(super) shared: Arc<Shared>,
}

/// The most bytes Linux lets an xattr's value, or the list of names, have.
const XATTR_MAX: usize = 64 << 10;
/// Most values are ACLs and small labels.
const XATTR_USUAL: usize = 512;

impl Node {
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    pub(super) fn attr(&self) -> Result<Attr> {
        self.shared.stat_fd(self.fd())
    }

    /// The owner first: changing it takes set-id bits away that the new mode may have.
    pub(super) fn set_attr(&self, set: &SetAttr) -> Result<Attr> {
        let chown = set.uid.is_some() || set.gid.is_some();
        if chown || set.mode.is_some_and(|mode| mode.bits() & 0o2000 != 0) {
            set_fsetid(true)?;
        }
        if chown {
            self.chown(set.uid, set.gid)?;
        }
        if let Some(mode) = set.mode {
            self.chmod(mode)?;
        }
        if set.atime.is_some() || set.mtime.is_some() {
            self.set_times(set)?;
        }
        self.attr()
    }

    fn chown(&self, uid: Option<u32>, gid: Option<u32>) -> Result<()> {
        if uid == Some(u32::MAX) || gid == Some(u32::MAX) {
            return Err(Errno::INVAL.into());
        }
        let (uid, gid) = (uid.map(Uid::from_raw), gid.map(Gid::from_raw));
        Ok(fs::chownat(self.fd(), c"", uid, gid, AtFlags::EMPTY_PATH)?)
    }

    fn chmod(&self, mode: Mode) -> Result<()> {
        let mode = RawMode::from_raw_mode(mode.bits());
        match (self.kind, self.by_path) {
            (FileKind::Symlink, _) => Err(Error::unsupported()),
            (_, true) => Ok(fs::chmod(open::proc_path(self.fd()), mode)?),
            (_, false) => Ok(fs::fchmod(self.fd(), mode)?),
        }
    }

    fn set_times(&self, set: &SetAttr) -> Result<()> {
        let times = Timestamps { last_access: stamp(set.atime), last_modification: stamp(set.mtime) };
        if self.by_path {
            return Ok(fs::utimensat(self.fd(), c"", &times, AtFlags::EMPTY_PATH)?);
        }
        Ok(fs::futimens(self.fd(), &times)?)
    }

    pub(super) fn xattr(&self, key: &OsStr) -> Result<Vec<u8>> {
        let path = self.xattr_path();
        read_sized(|buffer| match &path {
            Some(path) => fs::getxattr(path, key, buffer),
            None => fs::fgetxattr(self.fd(), key, buffer),
        })
    }

    pub(super) fn xattrs(&self) -> Result<Vec<OsString>> {
        let path = self.xattr_path();
        let names = read_sized(|buffer| match &path {
            Some(path) => fs::listxattr(path, buffer),
            None => fs::flistxattr(self.fd(), buffer),
        })?;
        let names = names.split(|&byte| byte == 0).filter(|name| !name.is_empty());
        Ok(names.map(|name| OsStr::from_bytes(name).to_os_string()).collect())
    }

    pub(super) fn set_xattr(&self, key: &OsStr, value: &[u8], how: XattrHow) -> Result<()> {
        if key.as_bytes().starts_with(b"system.") {
            // An ACL is also a mode, and the set-group-id bit in it shall stay.
            set_fsetid(true)?;
        }
        let flags = match how {
            XattrHow::Set => XattrFlags::empty(),
            XattrHow::Create => XattrFlags::CREATE,
            XattrHow::Replace => XattrFlags::REPLACE,
        };
        let done = match self.xattr_path() {
            Some(path) => fs::setxattr(path, key, value, flags),
            None => fs::fsetxattr(self.fd(), key, value, flags),
        };
        Ok(done?)
    }

    pub(super) fn remove_xattr(&self, key: &OsStr) -> Result<()> {
        let done = match self.xattr_path() {
            Some(path) => fs::removexattr(path, key),
            None => fs::fremovexattr(self.fd(), key),
        };
        Ok(done?)
    }

    fn xattr_path(&self) -> Option<String> {
        self.by_path.then(|| open::proc_path(self.fd()))
    }
}

/// Reads what is usually small and may be as long as [`XATTR_MAX`].
fn read_sized(mut read: impl FnMut(&mut [u8]) -> rustix::io::Result<usize>) -> Result<Vec<u8>> {
    let mut usual = [0; XATTR_USUAL];
    match read(&mut usual) {
        Err(Errno::RANGE) => {
            let mut value = vec![0; XATTR_MAX];
            let length = read(&mut value)?;
            value.truncate(length);
            value.shrink_to_fit();
            Ok(value)
        }
        length => Ok(usual[..length?].to_vec()),
    }
}

fn stamp(time: Option<SetTime>) -> Timespec {
    match time {
        None => Timespec { tv_sec: 0, tv_nsec: fs::UTIME_OMIT },
        Some(SetTime::Now) => Timespec { tv_sec: 0, tv_nsec: fs::UTIME_NOW },
        Some(SetTime::To(time)) => Timespec { tv_sec: time.seconds, tv_nsec: time.nanos.into() },
    }
}

/// [`crate::VNode`] for a type that has a `node`.
macro_rules! impl_vnode {
    ($type:ty) => {
        impl crate::VNode for $type {
            fn attr(&self) -> crate::Result<crate::Attr> {
                self.node.attr()
            }
            fn set_attr(&self, set: &crate::SetAttr) -> crate::Result<crate::Attr> {
                self.node.set_attr(set)
            }
            fn xattr(&self, key: &std::ffi::OsStr) -> crate::Result<Vec<u8>> {
                self.node.xattr(key)
            }
            fn xattrs(&self) -> crate::Result<Vec<std::ffi::OsString>> {
                self.node.xattrs()
            }
            fn set_xattr(
                &self,
                key: &std::ffi::OsStr,
                value: &[u8],
                how: crate::XattrHow,
            ) -> crate::Result<()> {
                self.node.set_xattr(key, value, how)
            }
            fn remove_xattr(&self, key: &std::ffi::OsStr) -> crate::Result<()> {
                self.node.remove_xattr(key)
            }
            fn watch(&self, watch: &dyn crate::Watch) -> crate::Result<()> {
                super::watch::add(&self.node, watch)
            }
            fn as_any(&self) -> &dyn std::any::Any {
                self
            }
        }
    };
}
pub(super) use impl_vnode;
