use cachefs_vfs::{Access, Errno, Error, Mode, Name, Result, SetAttr};

use super::Pin;
use crate::engine::Engine;
use crate::meta::Node;
use crate::sync::Arc;

const OWNER_READS: u32 = 0o400;
const OWNER_WRITES: u32 = 0o200;

/// What would end the backing's ways to an inode that handles of ours stand for. All of these may call the backing.
impl Engine {
    /// The inode is about to lose this name: if handles of ours stand for it, sees to it that they can go on, as long
    /// as the answer lives.
    ///
    /// # Errors
    /// The backing's. A file that cannot be found, or not be opened again under the permissions it has by now, is none:
    /// the name may go.
    pub(crate) fn keep_alive(
        &self,
        node: &Arc<Node>,
        dir: &Arc<Node>,
        name: Name<'_>,
    ) -> Result<Option<Pin>> {
        if !node.io_if_any().is_some_and(|io| io.is_held()) {
            return Ok(None);
        }
        let pin = Pin::new(node);
        let mut opened = self.open_wanted(node);
        if is_stale(&opened) {
            // Others took the name it was last met under.
            node.set_place(dir, name);
            opened = self.open_wanted(node);
        }
        if is_stale(&opened) {
            tracing::debug!(inode = node.id.inode, "an open file loses its name and cannot be found");
            return Ok(Some(pin));
        }
        opened.map(|()| Some(pin))
    }

    /// The attributes of the inode are about to become these: if they may forbid to open it again for what handles of
    /// ours do with it, sees to it that these can go on.
    ///
    /// # Errors
    /// As [`Self::keep_alive`].
    pub(crate) fn keep_open(&self, node: &Arc<Node>, set: &SetAttr) -> Result<()> {
        let Some(io) = node.io_if_any() else { return Ok(()) };
        let forbids = |bit| set.uid.is_some() || set.mode.is_some_and(|mode| mode.bits() & bit == 0);
        let ends = |access, bit| io.is_wanted(access) && forbids(bit);
        if !ends(Access::Read, OWNER_READS) && !ends(Access::Write, OWNER_WRITES) {
            return Ok(());
        }
        let _pin = Pin::new(node);
        let opened = self.open_wanted(node);
        io.keep();
        if is_stale(&opened) { Ok(()) } else { opened }
    }

    /// Whether the file's owner may open it for all that the handle was opened for.
    pub(crate) fn may_open_again(access: Access, mode: Mode) -> bool {
        let allows = |bit| mode.bits() & bit != 0;
        (!access.reads() || allows(OWNER_READS)) && (!access.writes() || allows(OWNER_WRITES))
    }

    /// Whether it is enough to keep the file open for its attributes. What is no regular file is not opened for more.
    fn may_open_later(&self, node: &Arc<Node>) -> Result<bool> {
        let is_regular = node.state.lock().attr_known().is_none_or(|attr| attr.kind.is_regular());
        if !is_regular {
            return Ok(true);
        }
        match self.file_handle(node, Access::Path) {
            Err(error) if is_forbidden(&error) => Ok(true),
            file => self.can_reopen(&*file?),
        }
    }

    /// Opens what handles of ours need and is not open, as far as the permissions allow it by now.
    fn open_wanted(&self, node: &Arc<Node>) -> Result<()> {
        let io = node.io();
        let open = |access| match access {
            Access::Path if io.is_dir() => self.dir_handle(node).map(drop),
            _ => self.file_handle(node, access).map(drop),
        };
        // Writing first: where that is for both, reading comes with it. The last is for attributes and costs nothing
        // beside the others.
        let all = io.is_wanted(Access::Path) && !io.is_dir() && !self.may_open_later(node)?;
        let data = [Access::Write, Access::Read].into_iter().filter(|&access| all || io.is_wanted(access));
        for access in data.chain([Access::Path]) {
            match open(access) {
                Err(error) if is_forbidden(&error) => {
                    tracing::debug!(inode = node.id.inode, ?access, %error, "cannot be kept open");
                }
                other => other?,
            }
        }
        Ok(())
    }
}

fn is_forbidden(error: &Error) -> bool {
    matches!(error.errno(), Errno::ACCESS | Errno::PERM)
}

fn is_stale(result: &Result<()>) -> bool {
    matches!(result, Err(error) if error.errno() == Errno::STALE)
}
