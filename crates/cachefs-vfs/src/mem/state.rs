use std::path::PathBuf;

use super::content::Content;
use super::names::Names;
use super::xattrs::Xattrs;
use crate::{Errno, Error, FileKind, Mode, Privileges, Result, Time};

/// All of an inode that may change.
#[derive(Debug)]
pub(super) struct State {
    pub(super) mode: Mode,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) links: u32,
    pub(super) atime: Time,
    pub(super) mtime: Time,
    pub(super) ctime: Time,
    pub(super) btime: Time,
    pub(super) xattrs: Xattrs,
    pub(super) body: Body,
}

/// What an inode holds by its kind.
#[derive(Debug)]
pub(super) enum Body {
    File(Content),
    Dir(Names),
    Symlink(PathBuf),
    /// A pipe, a socket or a device of this number.
    Special(u64),
}

impl State {
    /// The entries of a directory.
    pub(super) fn names(&self) -> Result<&Names> {
        if let Body::Dir(names) = &self.body { Ok(names) } else { Err(Error::new(Errno::NOTDIR)) }
    }

    /// The entries of a directory that still has a name, to change them.
    pub(super) fn names_mut(&mut self) -> Result<&mut Names> {
        match &mut self.body {
            Body::Dir(_) if self.links == 0 => Err(Error::new(Errno::NOENT)),
            Body::Dir(names) => Ok(names),
            _ => Err(Error::new(Errno::NOTDIR)),
        }
    }

    /// The bytes of a regular file.
    pub(super) fn content(&self) -> Result<&Content> {
        if let Body::File(content) = &self.body { Ok(content) } else { Err(Error::new(Errno::INVAL)) }
    }

    /// The bytes of a regular file, to change them.
    pub(super) fn content_mut(&mut self) -> Result<&mut Content> {
        if let Body::File(content) = &mut self.body { Ok(content) } else { Err(Error::new(Errno::INVAL)) }
    }

    /// What follows each change of the contents.
    pub(super) fn changed(&mut self, now: Time, privileges: Privileges) {
        (self.mtime, self.ctime) = (now, now);
        if privileges == Privileges::Drop {
            self.strip_set_id();
        }
    }

    /// Drops what lets a program act as its owner or group.
    pub(super) fn strip_set_id(&mut self) {
        self.xattrs.drop_capabilities();
        if self.mode.has_set_id() {
            let group = if self.mode.bits() & 0o010 == 0 { 0 } else { 0o2000 };
            self.mode = self.mode.masked(Mode::new(0o4000 | group));
        }
    }

    /// The number of links after so many directories more are in this one. `EMLINK` beyond what can be counted.
    pub(super) fn links_with_dirs(&self, more: u32) -> Result<u32> {
        self.links.checked_add(more).ok_or(Error::new(Errno::MLINK))
    }

    /// Takes away one name. A directory has but one.
    pub(super) fn unlink(&mut self, kind: FileKind) {
        self.links = if kind.is_dir() { 0 } else { self.links - 1 };
    }
}
