use std::ffi::OsString;
use std::ops::{ControlFlow, Deref};
use std::sync::Arc;

use cachefs_vfs::{
    Access, Attr, Caps, Cookie, CreateHow, DirEntry, Groups, Mode, Name, OpenHow, Owner, Privileges,
    RemoveKind, RenameHow, Result, VDir, VFile, Vfs,
};

use super::failure::Outcome;
use crate::subject::Subject;

/// The mode of files that cases make.
pub(super) const MODE: Mode = Mode::new(0o644);

/// What a case works with.
pub(super) struct Bench<'a> {
    pub(super) fs: &'a dyn Vfs,
    pub(super) caps: Caps,
    pub(super) root: Folder,
    make: &'a dyn Fn() -> Subject,
}

impl<'a> Bench<'a> {
    pub(super) fn new(subject: &'a Subject, make: &'a dyn Fn() -> Subject) -> Outcome<Self> {
        let fs = &*subject.fs;
        Ok(Self { fs, caps: fs.caps(), root: Folder(fs.root()?), make })
    }

    /// Another filesystem of the same kind.
    pub(super) fn other(&self) -> Subject {
        (self.make)()
    }
}

/// The process itself, with the umask 022.
pub(super) fn owner() -> Owner {
    owner_with(0o022)
}

pub(super) fn owner_with(umask: u32) -> Owner {
    Owner { uid: None, gid: None, groups: Groups::None, umask: Some(Mode::new(umask)) }
}

pub(super) fn how(access: Access, exclusive: bool) -> CreateHow {
    CreateHow { open: OpenHow::new(access), mode: MODE, exclusive }
}

pub(super) fn name(name: &str) -> Name<'_> {
    match Name::new(name) {
        Ok(name) => name,
        Err(error) => panic!("{name}: {error}"),
    }
}

/// A directory with shortcuts for what cases do all the time.
#[derive(Clone)]
pub(super) struct Folder(pub(super) Arc<dyn VDir>);

impl Deref for Folder {
    type Target = dyn VDir;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl Folder {
    /// A new file, open for both.
    pub(super) fn make(&self, file: &str) -> Result<Arc<dyn VFile>> {
        Ok(self.create(name(file), how(Access::ReadWrite, true), &owner())?.handle)
    }

    /// A new file with these bytes, open for both.
    pub(super) fn put(&self, file: &str, bytes: &[u8]) -> Result<Arc<dyn VFile>> {
        let file = self.make(file)?;
        file.write_at(bytes, 0, Privileges::Keep)?;
        Ok(file)
    }

    /// A new directory.
    pub(super) fn sub(&self, dir: &str) -> Result<Self> {
        self.make_dir(name(dir), Mode::new(0o755), &owner())?;
        self.enter(dir)
    }

    /// A directory that is there.
    pub(super) fn enter(&self, dir: &str) -> Result<Self> {
        Ok(Self(self.dir(name(dir))?.handle))
    }

    pub(super) fn opened(&self, file: &str, access: Access) -> Result<Arc<dyn VFile>> {
        Ok(self.open(name(file), OpenHow::new(access))?.handle)
    }

    /// All bytes of a file.
    pub(super) fn bytes(&self, file: &str) -> Result<Vec<u8>> {
        contents(&*self.opened(file, Access::Read)?)
    }

    pub(super) fn attr_of(&self, file: &str) -> Result<Attr> {
        self.stat(name(file))
    }

    pub(super) fn delete(&self, file: &str) -> Result<()> {
        self.remove(name(file), RemoveKind::File)
    }

    pub(super) fn delete_dir(&self, dir: &str) -> Result<()> {
        self.remove(name(dir), RemoveKind::Dir)
    }

    pub(super) fn link(&self, from: &str, to: &str) -> Result<Attr> {
        self.hard_link(name(from), &*self.0, name(to))
    }

    /// A rename within this directory.
    pub(super) fn mv(&self, from: &str, to: &str, how: RenameHow) -> Result<()> {
        self.mv_to(from, self, to, how)
    }

    pub(super) fn mv_to(&self, from: &str, to_dir: &Self, to: &str, how: RenameHow) -> Result<()> {
        self.rename(name(from), &*to_dir.0, name(to), how)
    }

    /// All names, sorted.
    pub(super) fn names(&self) -> Result<Vec<OsString>> {
        let (mut names, _) = self.some_names(Cookie::START, usize::MAX)?;
        names.sort();
        Ok(names)
    }

    /// Up to `count` names after a place, and the place after them.
    pub(super) fn some_names(&self, after: Cookie, count: usize) -> Result<(Vec<OsString>, Cookie)> {
        let mut names = Vec::new();
        let mut next = after;
        self.read_dir(after, &mut |entry: DirEntry<'_>| {
            if names.len() == count {
                return ControlFlow::Break(());
            }
            names.push(entry.name.as_os_str().into());
            next = entry.next;
            ControlFlow::Continue(())
        })?;
        Ok((names, next))
    }
}

/// All bytes of an open file.
pub(super) fn contents(file: &dyn VFile) -> Result<Vec<u8>> {
    let size = usize::try_from(file.attr()?.size).unwrap_or(usize::MAX);
    part(file, 0, size + 1)
}

/// Up to `length` bytes from `offset`.
pub(super) fn part(file: &dyn VFile, offset: u64, length: usize) -> Result<Vec<u8>> {
    let mut buffer = vec![0xa5; length];
    let count = file.read_at(&mut buffer, offset)?;
    buffer.truncate(count);
    Ok(buffer)
}

/// Bytes that differ from block to block.
pub(super) fn pattern(length: usize, seed: u64) -> Vec<u8> {
    crate::model::Fill { length, seed }.bytes()
}
