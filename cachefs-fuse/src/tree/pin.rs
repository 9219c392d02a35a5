use cachefs_vfs::{Access, Attr, Errno, FileKind, OpenHow, Result};

use super::Tree;
use crate::handles::{Slot, Use};
use crate::inodes::{Gone, NodeId};

/// What was done for a file before its last name goes.
#[derive(Debug)]
pub(super) struct Farewell {
    node: NodeId,
    attr: Attr,
    pinned: bool,
    /// Another file takes the name.
    replaced: bool,
}

impl Farewell {
    pub(super) fn replaced(self) -> Self {
        Self { replaced: true, ..self }
    }
}

impl Tree {
    /// Makes sure that a file that is about to lose this name stays reachable for those who have it open. Nothing is
    /// done for files the kernel does not know.
    pub(super) fn prepare_farewell(
        &self,
        attr: &Attr,
        parent: NodeId,
        name: &[u8],
    ) -> Result<Option<Farewell>> {
        let node = self.number(attr);
        let Some(state) = self.inodes.state(node).filter(|state| state.id == attr.id) else {
            return Ok(None);
        };
        let others =
            self.inodes.links(node).iter().any(|link| !(link.parent == parent && *link.name == *name));
        if others || self.handles.is_pinned(node) {
            return Ok(Some(Farewell { node, attr: *attr, pinned: false, replaced: false }));
        }
        let wanted = state.open || state.kind != FileKind::Regular;
        if wanted {
            self.pin(node, state.kind)?;
        }
        Ok(Some(Farewell { node, attr: *attr, pinned: wanted, replaced: false }))
    }

    /// The name is gone.
    pub(super) fn say_farewell(&self, farewell: Option<Farewell>, parent: NodeId, name: &[u8]) {
        let Some(Farewell { node, mut attr, replaced, .. }) = farewell else { return };
        self.inodes.remove_link(node, parent, name);
        let last = attr.kind.is_dir() || attr.links <= 1;
        if last && !self.handles.is_pinned(node) {
            attr.links = 0;
            self.inodes.set_gone(node, Gone { attr, replaced });
        }
        // Opened since that was asked for the first time. Who opens it after this sees that it is gone.
        if self.is_open(node) && self.inodes.links(node).is_empty() {
            self.handles.pin_open(node);
        }
    }

    /// The name is still there.
    pub(super) fn call_off(&self, farewell: Option<Farewell>) {
        if let Some(Farewell { node, pinned: true, .. }) = farewell {
            self.handles.unpin(node, || self.is_open(node));
        }
    }

    fn pin(&self, node: NodeId, kind: FileKind) -> Result<()> {
        match kind {
            FileKind::Directory => {
                let dir = self.dir(node)?;
                self.handles.pin_dir(node, dir);
            }
            FileKind::Regular if self.pin_reachable(node)? => {}
            FileKind::Regular => self.pin_regular(node)?,
            _ => {
                let (opened, how) = self.open_anew(node, Use::Path)?;
                self.handles.pin_file(node, Slot::new(opened.handle, how));
            }
        }
        Ok(())
    }

    /// Keeps a file open by any handle, if that is enough to open it again.
    fn pin_reachable(&self, node: NodeId) -> Result<bool> {
        let slot = match self.handles.file(node) {
            Some(slot) => slot,
            None => match self.open_anew(node, Use::Path) {
                Ok((opened, how)) => Slot::new(opened.handle, how),
                Err(error) if error.errno() == Errno::OPNOTSUPP => return Ok(false),
                Err(error) => return Err(error),
            },
        };
        let reachable = slot.any().is_some_and(|held| held.reopen(OpenHow::new(Access::Path)).is_ok());
        if reachable {
            self.handles.pin_file(node, slot);
        }
        Ok(reachable)
    }

    /// Keeps a file open for all that its permissions allow, beside what is open already.
    pub(super) fn pin_regular(&self, node: NodeId) -> Result<()> {
        let held = self.handles.file(node).unwrap_or_default();
        let missing = [Use::Write, Use::Read].into_iter().find(|&purpose| held.get(purpose).is_none());
        let mut slot = held.clone();
        if missing == Some(Use::Write) {
            match self.open_anew(node, Use::Write) {
                Ok((opened, how)) => slot = Slot::new(opened.handle, how),
                Err(error) if is_refusal(error.errno()) => {}
                Err(error) => return Err(error),
            }
        }
        if slot.get(Use::Read).is_none() {
            match self.open_anew(node, Use::Read) {
                Ok((opened, how)) => {
                    self.put(node, Slot::new(opened.handle, how), || true);
                }
                Err(error) if is_refusal(error.errno()) && slot.any().is_some() => {}
                Err(error) => return Err(error),
            }
        }
        self.handles.pin_file(node, slot);
        Ok(())
    }
}

/// Whether the filesystem will not open the file in this way, but may in another.
fn is_refusal(errno: Errno) -> bool {
    matches!(errno, Errno::ACCESS | Errno::PERM | Errno::ROFS | Errno::TXTBSY)
}
