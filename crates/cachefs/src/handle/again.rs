use cachefs_vfs::{Access, Attr, Errno, OpenHow, Result, VFile};

use crate::engine::Engine;
use crate::meta::Node;
use crate::stats::BackingVerb;
use crate::sync::Arc;

/// Handles of the backing that are had from others of the same inode, whatever became of its names.
impl Engine {
    /// A handle good for `need` from one that is open. `None` if none is, or this way leads nowhere.
    pub(super) fn open_again(&self, node: &Arc<Node>, need: Access) -> Result<Option<Arc<dyn VFile>>> {
        let io = node.io();
        if self.handles.opens_by_name_only() || io.slots().any_file().is_none() {
            return Ok(None);
        }
        let _claim = io.claim()?;
        let from = {
            let slots = io.slots();
            if let Some(file) = slots.file(need) {
                return Ok(Some(file));
            }
            slots.any_file()
        };
        let Some(from) = from else { return Ok(None) };
        // What allowed it, if it was known then and still is known after it; not worth another call.
        let (known, asked) = (self.attr_in_memory(node), self.asked_of(node));
        let Some((access, file)) = self.reopen(&*from, need)? else { return Ok(None) };
        if let Some(attr) = known {
            self.note_readable(node, access, &attr, asked);
        }
        let file = self.keep_file(node, access, file);
        self.probe_writer(node, true);
        Ok(Some(file))
    }

    /// Another handle of a file, and what it is good for. `None` where it cannot be had in this way.
    pub(super) fn reopen(&self, from: &dyn VFile, need: Access) -> Result<Option<(Access, Arc<dyn VFile>)>> {
        let again = |access| self.backing.call(BackingVerb::Open, || from.reopen(OpenHow::new(access)));
        let reopened = for_need(need, again);
        match &reopened {
            Err(error) if error.errno() == Errno::OPNOTSUPP => {
                // A pipe is not opened for its bytes in any way; for its attributes it is, as all are.
                if need == Access::Path {
                    self.handles.set_by_name_only();
                }
                Ok(None)
            }
            Err(error) if matches!(error.errno(), Errno::STALE | Errno::NOENT) => Ok(None),
            _ => reopened.map(Some),
        }
    }

    /// A handle for attributes of the file that `from` is of, if it can be had.
    pub(crate) fn path_of(&self, from: &dyn VFile) -> Result<Option<Arc<dyn VFile>>> {
        Ok(self.reopen(from, Access::Path)?.map(|(_, file)| file))
    }

    /// Whether a handle for attributes is enough to get one for more after the last name is gone.
    pub(super) fn can_reopen(&self, file: &dyn VFile) -> Result<bool> {
        Ok(!self.handles.opens_by_name_only()
            && (self.handles.is_known_to_reopen() || self.reopen_once(file)?))
    }

    fn reopen_once(&self, file: &dyn VFile) -> Result<bool> {
        let reopened = self.reopen(file, Access::Path)?.is_some();
        if reopened {
            self.handles.set_reopens();
        }
        Ok(reopened)
    }

    /// The last of our handles that write is gone, and others are still there: gives the backing's handle for writing
    /// back, for who has one keeps others from executing the file, and cannot tell who else writes to it. Also one that
    /// has no descriptor to show: there may be one beneath it.
    pub(super) fn give_back_writer(&self, node: &Node) {
        if self.handles.opens_by_name_only() {
            return;
        }
        let io = node.io();
        let Some(writer) = io.slots().writer() else { return };
        let need = if io.is_wanted(Access::Read) { Access::Read } else { Access::Path };
        let Ok(_claim) = io.claim() else { return };
        let reader = if io.slots().has_reader(need) {
            None
        } else {
            match self.reopen(&*writer, need) {
                Ok(Some((_, file))) => Some(file),
                Ok(None) => return,
                Err(error) => {
                    tracing::debug!(inode = node.id.inode, %error, "stays open for writing");
                    return;
                }
            }
        };
        let closing = {
            let mut slots = io.slots();
            // Who came meanwhile may have it already.
            if io.is_wanted(Access::Write) { Vec::new() } else { slots.swap_writers(need, reader) }
        };
        drop(closing);
    }

    /// Whether the backing need not be asked before a handle is first used: it would let us open the file, which has
    /// these attributes, and all there is to read is here. Who opens a file by path wants to come back to it, and must not
    /// lose it to others who replace it.
    pub(crate) fn can_wait(&self, node: &Node, attr: &Attr, access: Access) -> bool {
        match access {
            Access::Path => attr.kind.is_dir() || self.freshness.is_single(),
            Access::Read => {
                let sight = node.state.sight();
                sight.is_readable() && self.is_here(node, sight.view().generation, attr.size)
            }
            Access::Write | Access::ReadWrite => false,
        }
    }
}

/// Opens for what is needed, or for more where that is likely to be needed next.
pub(super) fn for_need<T>(need: Access, open: impl Fn(Access) -> Result<T>) -> Result<(Access, T)> {
    match need {
        // Whoever writes, reads next: one handle for both where the permissions allow it.
        Access::Write => match open(Access::ReadWrite) {
            Err(error) if error.errno() == Errno::ACCESS => Ok((need, open(need)?)),
            other => Ok((Access::ReadWrite, other?)),
        },
        _ => Ok((need, open(need)?)),
    }
}
