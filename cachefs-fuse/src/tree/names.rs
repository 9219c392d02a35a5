use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cachefs_vfs::{
    Access, Attr, CreateHow, Errno, Error, Mode, Name, NodeKind, OpenHow, Opened, Owner, RemoveKind, Result,
    VDir, VFile,
};

use super::{Entry, Shown, Tree};
use crate::belief::Stamp;
use crate::inodes::NodeId;
use std::sync::Arc;

/// How often a creation is tried again that met the file of somebody else.
const CREATE_AGAIN: usize = 3;

impl Tree {
    pub(crate) fn make_dir(&self, parent: NodeId, name: &OsStr, mode: Mode, owner: &Owner) -> Result<Entry> {
        let attr = self.dir(parent)?.make_dir(Name::new(name)?, mode, owner)?;
        Ok(Entry::new(attr, parent, name.as_bytes()))
    }

    pub(crate) fn make_node(
        &self,
        parent: NodeId,
        name: &OsStr,
        kind: NodeKind,
        mode: Mode,
        owner: &Owner,
    ) -> Result<Entry> {
        let dir = self.dir(parent)?;
        let made = dir.make_node(Name::new(name)?, kind, mode, owner)?;
        // Where others replaced it meanwhile, it is not known under the name for long.
        let handle = self.look(&*dir, Name::new(name)?, None).ok().filter(|(attr, _)| attr.id == made.id);
        let entry = Entry::new(made, parent, name.as_bytes());
        Ok(Entry { handle: handle.and_then(|(_, handle)| handle), ..entry })
    }

    pub(crate) fn symlink(
        &self,
        parent: NodeId,
        name: &OsStr,
        target: &Path,
        owner: &Owner,
    ) -> Result<Entry> {
        let attr = self.dir(parent)?.symlink(Name::new(name)?, target, owner)?;
        Ok(Entry::new(attr, parent, name.as_bytes()))
    }

    /// Creates a file and opens it. The kernel believes that a file it was given here is new, and checks no
    /// permissions: one that somebody else made meanwhile is `ESTALE`, upon which the kernel looks again.
    pub(crate) fn create(
        &self,
        parent: NodeId,
        name: &OsStr,
        mode: Mode,
        exclusive: bool,
        owner: &Owner,
    ) -> Result<Created> {
        let how = CreateHow { open: OpenHow::new(Access::ReadWrite), mode, exclusive: true };
        let dir = self.dir(parent)?;
        let create = || dir.create(Name::new(name)?, how, owner);
        let is_there = |error: &Error| error.errno() == Errno::EXIST && !exclusive;
        let mut created = create();
        // The kernel looks again, but once: others may make and remove the name all the time.
        for _ in 0..CREATE_AGAIN {
            if !created.as_ref().is_err_and(is_there) {
                break;
            }
            created = create();
        }
        let opened = created.map_err(|error| match error.errno() {
            Errno::EXIST if !exclusive => Error::new(Errno::STALE),
            _ => error,
        })?;
        let descriptor = self.descriptor_of(&*opened.handle)?;
        let handle = Some((Arc::clone(&opened.handle), how.open));
        let entry = Entry { handle, ..Entry::new(opened.attr, parent, name.as_bytes()) };
        Ok(Created { entry, opened, descriptor })
    }

    /// As [`Tree::admit`], with the handle and the open counted.
    pub(crate) fn admit_created(&self, created: Created, asked: Stamp) -> Result<Shown> {
        let shown = self.admit(&created.entry, asked)?;
        self.opened(shown.node);
        self.begin_tail(shown.node, &created.opened.attr);
        self.keep_created(&created.opened.attr, created.opened.handle);
        Ok(shown)
    }

    pub(crate) fn read_link(&self, node: NodeId) -> Result<PathBuf> {
        let held = self.handles.file(node).and_then(|slot| slot.any()).or_else(|| self.spare(node));
        match held.map(|held| held.read_link()) {
            Some(Err(error)) if error.errno() != Errno::OPNOTSUPP => return Err(error),
            Some(Ok(target)) => return Ok(target),
            _ => {}
        }
        let target = self.locate(node, &|dir, name| {
            let attr = dir.stat(name)?;
            Ok((attr.id, dir.read_link(name)?))
        })?;
        target.ok_or(Error::new(Errno::STALE))
    }

    /// Removes a name; what it stood for.
    pub(crate) fn remove(&self, parent: NodeId, name: &OsStr, kind: RemoveKind) -> Result<NodeId> {
        let dir = self.dir(parent)?;
        let checked = Name::new(name)?;
        let attr = dir.stat(checked)?;
        if attr.kind.is_dir() != (kind == RemoveKind::Dir) {
            return dir.remove(checked, kind).map(|()| self.number(&attr));
        }
        let farewell = self.prepare_farewell(&attr, parent, name.as_bytes())?;
        match dir.remove(checked, kind) {
            Ok(()) => self.say_farewell(farewell, parent, name.as_bytes()),
            Err(error) => {
                self.call_off(farewell);
                return Err(error);
            }
        }
        Ok(self.number(&attr))
    }

    /// Gives a file another name.
    pub(crate) fn link(&self, node: NodeId, parent: NodeId, name: &OsStr) -> Result<Entry> {
        let to = self.dir(parent)?;
        let to_name = Name::new(name)?;
        let linked = self.locate(node, &|dir, from| {
            let before = dir.stat(from)?;
            if self.inodes.identity(node) != Some(before.id) {
                return Ok((before.id, before));
            }
            let after = dir.hard_link(from, &*to, to_name)?;
            if after.id != before.id {
                // Somebody moved another file under the name between the two calls.
                to.remove(to_name, RemoveKind::File)?;
            }
            Ok((after.id, after))
        })?;
        let attr = linked.ok_or(Error::new(Errno::NOENT))?;
        Ok(Entry::new(attr, parent, name.as_bytes()))
    }
}

/// A file that was created and is open.
#[derive(Debug)]
pub(crate) struct Created {
    pub(crate) entry: Entry,
    opened: Opened<Arc<dyn VFile>>,
    /// By which the kernel can serve it.
    pub(crate) descriptor: Option<OwnedFd>,
}

/// A name in a directory, with what it stands for.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) parent: NodeId,
    pub(super) dir: Arc<dyn VDir>,
    pub(super) name: OsString,
}

impl Place {
    pub(super) fn new(tree: &Tree, parent: NodeId, name: &OsStr) -> Result<Self> {
        Name::new(name)?;
        Ok(Self { parent, dir: tree.dir(parent)?, name: name.to_owned() })
    }

    pub(super) fn name(&self) -> Result<Name<'_>> {
        Name::new(&self.name)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.name.as_bytes()
    }

    pub(super) fn stat(&self) -> Result<Attr> {
        self.dir.stat(self.name()?)
    }
}
