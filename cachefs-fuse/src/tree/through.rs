//! Files that programs read and write past us.

use std::os::fd::OwnedFd;

use cachefs_vfs::{Attr, Errno, Error, Mode, Result, SetAttr, VFile};
use fuser::FileHandle;

use super::Tree;
use crate::handles::Use;
use crate::inodes::NodeId;
use crate::notify::{Key, Work};
use crate::serve::{self, Handle};

impl Tree {
    /// A descriptor by which the kernel can serve a file that is open; `None` where there is none, or none is wanted.
    ///
    /// # Errors
    /// `EWOULDBLOCK` rather than wait, where the caller must not; `EINVAL` if it is to be read and written past the
    /// system's caches and cannot be, which the kernel would find out too late.
    pub(crate) fn descriptor(&self, node: NodeId, direct: bool) -> Result<Option<OwnedFd>> {
        if !self.serving.passes() {
            return Ok(None);
        }
        let slot = self.handles.file(node);
        match slot.and_then(|slot| slot.get(Use::Read).or_else(|| slot.get(Use::Write))) {
            Some(file) => match self.descriptor_of(&*file)? {
                Some(descriptor) if direct && !serve::takes_direct(&descriptor) => {
                    Err(Error::new(Errno::INVAL))
                }
                descriptor => Ok(descriptor),
            },
            None => Ok(None),
        }
    }

    pub(super) fn descriptor_of(&self, file: &dyn VFile) -> Result<Option<OwnedFd>> {
        if !self.serving.passes() {
            return Ok(None);
        }
        match file.descriptor() {
            Ok(descriptor) => Ok(Some(descriptor)),
            Err(error) if error.errno() == Errno::WOULDBLOCK => Err(error),
            Err(error) => {
                tracing::debug!(%error, "no descriptor for the kernel");
                Ok(None)
            }
        }
    }

    /// Programs may write to the file past us from now on: also by storing into memory, of which the kernel tells
    /// nobody.
    pub(crate) fn lent(&self, node: NodeId, maps: bool) {
        if maps {
            self.tell(Key::Inode(node), Work::attr());
        }
    }

    /// The kernel closed an open file. What was written past us is not known to anybody.
    pub(crate) fn closed(&self, node: NodeId, handle: FileHandle) {
        self.listeners.closed(handle);
        let handle = Handle::from(handle);
        self.serving.closed(node, handle);
        if handle == Handle::Writing {
            self.touched(node);
            self.tell(Key::Inode(node), Work::attr());
        }
    }

    /// To be called before a file is used by its handles, or its attributes are asked for.
    pub(super) fn heed_writers(&self, node: NodeId) {
        if self.serving.is_written(node) {
            self.touched(node);
        }
    }

    fn touched(&self, node: NodeId) {
        if let Some(id) = self.inodes.identity(node) {
            self.fs.touched(id);
        }
    }

    /// The attributes of a file that was found by name, as they are although programs write to it past us.
    pub(super) fn true_attr(&self, attr: Attr) -> Result<Attr> {
        if !attr.kind.is_regular() || !self.serving.has_writers() {
            return Ok(attr);
        }
        let node = self.number(&attr);
        match self.serving.is_written(node) && self.inodes.identity(node) == Some(attr.id) {
            true => self.attr(node),
            false => Ok(attr),
        }
    }

    /// Takes set-id bits away, as a write does by one who has no right to keep them.
    pub(crate) fn strip(&self, node: NodeId) -> Result<Attr> {
        let attr = self.attr(node)?;
        let bits = attr.mode.bits();
        let group = if bits & 0o010 != 0 { 0o2000 } else { 0 };
        let kept = bits & !(0o4000 | group);
        if !attr.kind.is_regular() || kept == bits {
            return Ok(attr);
        }
        let attr = self
            .inode(node)?
            .node()
            .set_attr(&SetAttr { mode: Some(Mode::new(kept)), ..SetAttr::default() })?;
        self.show(node, &attr);
        Ok(attr)
    }
}
