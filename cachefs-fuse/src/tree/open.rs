use std::cell::Cell;
use std::sync::Arc;
use std::time::Instant;

use cachefs_vfs::{Access, Attr, Errno, Error, FileId, Object, OpenHow, Opened, Result, VFile};

use super::Tree;
use crate::handles::{Closed, Slot, Use};
use crate::inodes::{ANY_PAGES, NodeId};

/// What becomes of the pages that the kernel has of a file when it is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pages {
    /// They are of this very version, or it would have been told.
    Kept,
    /// They go.
    Dropped,
    /// Others are changing the file: it is read past them.
    Past,
}

impl Tree {
    /// A handle of a file for this purpose: one that is open, or a new one, which stays open while the kernel has
    /// the file open.
    pub(super) fn file(&self, node: NodeId, purpose: Use) -> Result<Arc<dyn VFile>> {
        self.heed_writers(node);
        let held = self.handles.file(node);
        if let Some(handle) = held.as_ref().and_then(|slot| slot.get(purpose)) {
            return Ok(handle);
        }
        let (handle, how) = match held.and_then(|slot| slot.any()) {
            Some(held) => self.open_again(node, &*held, purpose)?,
            None => self.open_anew(node, purpose).map(|(opened, how)| (opened.handle, how))?,
        };
        self.keep(node, Slot::new(Arc::clone(&handle), how));
        Ok(handle)
    }

    /// Keeps a handle of a file while programs have it open, or may have.
    pub(super) fn keep(&self, node: NodeId, slot: Slot) {
        self.put(node, slot, || self.is_open(node));
    }

    /// Keeps a handle of a file that is `open`. One that had to go for it stays if the file has no name any more: it
    /// could not be opened again.
    pub(super) fn put(&self, node: NodeId, slot: Slot, open: impl FnOnce() -> bool) {
        let Some((other, slot)) = self.handles.put_file(node, slot, open) else { return };
        let attr = slot.any().filter(|_| self.is_open(other)).map(|held| held.attr());
        let is_nameless = match attr {
            Some(Ok(attr)) => attr.links == 0,
            Some(Err(error)) => error.errno() == Errno::WOULDBLOCK,
            None => false,
        };
        if is_nameless {
            self.handles.pin_back(other, slot, || self.is_open(other));
        }
    }

    /// Whether programs may write to the file, as far as handles tell.
    pub(crate) fn may_be_written(&self, node: NodeId) -> bool {
        self.handles.file(node).is_some_and(|slot| slot.has_writer())
    }

    /// Opens the very file that a handle stands for, whatever became of its names; where that cannot be, by name.
    fn open_again(&self, node: NodeId, held: &dyn VFile, purpose: Use) -> Result<(Arc<dyn VFile>, OpenHow)> {
        let opened = purpose.open(|how| held.reopen(how));
        match opened {
            Err(error) if error.errno() == Errno::OPNOTSUPP => {
                self.open_anew(node, purpose).map(|(opened, how)| (opened.handle, how))
            }
            opened => opened,
        }
    }

    /// Opens a file in the best way that its permissions allow.
    pub(super) fn open_anew(&self, node: NodeId, purpose: Use) -> Result<(Opened<Arc<dyn VFile>>, OpenHow)> {
        purpose.open(|how| match self.open_by_name(node, how)? {
            Some(opened) => Ok(opened),
            None => self.open_by_identity(node, how),
        })
    }

    fn open_by_name(&self, node: NodeId, how: OpenHow) -> Result<Option<Opened<Arc<dyn VFile>>>> {
        let last = Cell::new(None);
        let found = self.locate(node, &|dir, name| {
            let opened = dir.open(name, how)?;
            last.set(Some(opened.clone()));
            Ok((opened.attr.id, opened))
        })?;
        if let Some(other) = last.take().filter(|_| found.is_none() && !self.inodes.is_uncounted())
            && let Some(walker) = self.walker()
        {
            // By path: it may never be opened, and must not keep others from executing it.
            let how = OpenHow::new(Access::Path);
            if let Ok(by_path) = other.handle.reopen(how) {
                self.spares.put(other.attr.id, walker, Slot::new(by_path, how), Instant::now());
            }
        }
        Ok(found)
    }

    /// A file found by identity is open for whatever its permissions allow: the use will show.
    fn open_by_identity(&self, node: NodeId, how: OpenHow) -> Result<Opened<Arc<dyn VFile>>> {
        let reopen = |spare: &dyn VFile| {
            let handle = spare.reopen(how)?;
            handle.attr().map(|attr| Opened { handle, attr })
        };
        if let Some(opened) = self.by_spare(node, reopen) {
            return opened;
        }
        let opened = self.by_identity(node)?;
        match opened.handle {
            Object::File(handle) => Ok(Opened { handle, attr: opened.attr }),
            Object::Dir(_) if how.access == Access::Path => Err(Error::new(Errno::STALE)),
            Object::Dir(_) => Err(Error::new(Errno::ISDIR)),
        }
    }

    /// The kernel opens a file, which is counted by an [`super::Opening`]. What becomes of the pages it has.
    ///
    /// # Errors
    /// `ESTALE`, upon which the kernel looks again, if the node is no longer this file.
    pub(crate) fn open(
        &self,
        node: NodeId,
        id: Option<FileId>,
        access: Access,
        direct: bool,
    ) -> Result<Pages> {
        let purpose = match access {
            Access::Path | Access::Read => Use::Read,
            Access::Write | Access::ReadWrite => Use::Write,
        };
        let (slot, attr) = match self.held(node, purpose) {
            Some((slot, handle)) => (slot, handle.attr()?),
            None => match (self.open_anew(node, purpose), self.held(node, purpose)) {
                (Ok((opened, how)), _) => (Slot::new(opened.handle, how), opened.attr),
                // Who took the name away meanwhile has kept it for us.
                (Err(_), Some((slot, handle))) => (slot, handle.attr()?),
                (Err(error), None) => return Err(self.why_gone(node, error)),
            },
        };
        self.put(node, slot, || true);
        if self.inodes.links(node).is_empty() && (self.inodes.gone(node).is_some() || !self.caps.open_id) {
            self.handles.pin_open(node);
        }
        if self.inodes.identity(node) != id {
            return Err(Error::new(Errno::STALE));
        }
        let version = if direct { 0 } else { self.version_hash(&attr) };
        let unnamed = if self.belief.is_told() { ANY_PAGES } else { 0 };
        let before = self.inodes.replace_kept(node, version.max(unnamed));
        let told = self.belief.holds(attr.id) && !self.outbox.is_pending(node);
        Ok(match told && !direct || version != 0 && before == version {
            _ if self.belief.is_nothing() || self.belief.flux().is_changing(node) => Pages::Past,
            true => Pages::Kept,
            false => Pages::Dropped,
        })
    }

    /// Gives back a file's handle for writing if it is idle; the file stays reachable by another one.
    pub(crate) fn retire_writer(&self, node: NodeId) {
        let Some(writers) = self.handles.writers() else { return };
        // First, so that one who opens it meanwhile has it looked after again.
        writers.remove(node);
        let Some(writer) = self.handles.idle_writer(node) else {
            if self.handles.keeps_writer(node) {
                writers.add(node);
            }
            return;
        };
        if !self.is_executable(&*writer) {
            return;
        }
        match writer.reopen(OpenHow::new(Access::Path)) {
            Ok(instead) => drop(self.handles.retire(node, &writer, instead)),
            Err(error) => tracing::debug!(node = node.0, %error, "a file stays open for writing for now"),
        }
        if self.handles.keeps_writer(node) {
            writers.add(node);
        }
    }

    /// Whether somebody may want to execute the file. Who may not open every file keeps the others open for writing: a
    /// change of their permissions by others must not end it for who writes to them.
    fn is_executable(&self, file: &dyn VFile) -> bool {
        self.privileged || file.attr().is_ok_and(|attr| attr.mode.bits() & 0o111 != 0)
    }

    /// The permissions of a file have changed.
    pub(super) fn look_after_writer(&self, node: NodeId) {
        if let Some(writers) = self.handles.writers().filter(|_| self.handles.keeps_writer(node)) {
            writers.add(node);
        }
    }

    fn held(&self, node: NodeId, purpose: Use) -> Option<(Slot, Arc<dyn VFile>)> {
        let slot = self.handles.file(node);
        if let Some((handle, slot)) = slot.as_ref().and_then(|slot| Some((slot.get(purpose)?, slot.clone())))
        {
            return Some((slot, handle));
        }
        let held = slot.and_then(|slot| slot.any()).or_else(|| self.spare(node))?;
        let (handle, how) = purpose.open(|how| held.reopen(how)).ok()?;
        Some((Slot::new(Arc::clone(&handle), how), handle))
    }

    /// A file we unlinked meanwhile does not exist. Where another took its name, the kernel looks again on `ESTALE`.
    fn why_gone(&self, node: NodeId, error: Error) -> Error {
        let gone = self.inodes.gone(node).filter(|gone| !gone.replaced);
        match gone.filter(|_| error.errno() == Errno::STALE) {
            Some(_) => Error::new(Errno::NOENT),
            None => error,
        }
    }

    pub(super) fn is_open(&self, node: NodeId) -> bool {
        self.inodes.state(node).is_some_and(|state| state.open)
    }

    /// Counts an open of a file that is new to the kernel.
    pub(super) fn opened(&self, node: NodeId) {
        self.inodes.opened(node);
        if self.belief.is_told() {
            self.inodes.replace_kept(node, ANY_PAGES);
        }
    }

    /// The kernel closed a file of which it told that it opened it. After the last time only what has no name stays open.
    pub(crate) fn release(&self, node: NodeId) -> Closed {
        if self.inodes.released(node) > 0 || self.inodes.is_uncounted() {
            return Closed::default();
        }
        let has_name = || !self.inodes.links(node).is_empty();
        self.handles.close_file(node, || self.is_open(node), has_name)
    }

    /// The attributes after an open that created the file.
    pub(super) fn keep_created(&self, attr: &Attr, handle: Arc<dyn VFile>) {
        let node = self.number(attr);
        let slot = Slot::new(handle, OpenHow::new(Access::ReadWrite));
        let reopens = self.privileged || attr.mode.bits() & 0o600 == 0o600;
        match reopens {
            true => self.put(node, slot, || true),
            false => self.handles.pin_file(node, slot),
        }
    }
}
