use std::sync::Arc;

use super::node::Node;
use crate::{Attr, Errno, Error, Name, RemoveKind, Result};

/// The verbs that change how many names an inode has.
impl Node {
    pub(super) fn hard_link(&self, name: Name<'_>, to_dir: &Arc<Self>, to: Name<'_>) -> Result<Attr> {
        let _tree = self.shared.tree.lock();
        let node = self.state.read().names()?.get(name).cloned().ok_or(Error::new(Errno::NOENT))?;
        let mut dir = to_dir.state.write();
        if dir.names_mut()?.get(to).is_some() {
            return Err(Error::new(Errno::EXIST));
        }
        if node.kind.is_dir() {
            return Err(Error::new(Errno::PERM));
        }
        let mut state = node.state.write();
        state.links = state.links.checked_add(1).ok_or(Error::new(Errno::MLINK))?;
        let now = self.shared.now();
        state.ctime = now;
        (dir.mtime, dir.ctime) = (now, now);
        dir.names_mut()?.add(to, Arc::clone(&node));
        Ok(node.attr_of(&state))
    }

    pub(super) fn remove(&self, name: Name<'_>, kind: RemoveKind) -> Result<()> {
        // Declared first, so dropped last: freeing a large file must not keep others from the locks.
        let node;
        let _tree = self.shared.tree.lock();
        let mut dir = self.state.write();
        node = dir.names()?.get(name).cloned().ok_or(Error::new(Errno::NOENT))?;
        let mut state = node.state.write();
        match (kind, node.kind.is_dir()) {
            (RemoveKind::File, true) => return Err(Error::new(Errno::ISDIR)),
            (RemoveKind::Dir, false) => return Err(Error::new(Errno::NOTDIR)),
            (RemoveKind::Dir, true) if !state.names()?.is_empty() => return Err(Error::new(Errno::NOTEMPTY)),
            _ => {}
        }
        let now = self.shared.now();
        dir.names_mut()?.remove(name);
        dir.links -= u32::from(node.kind.is_dir());
        (dir.mtime, dir.ctime) = (now, now);
        state.unlink(node.kind);
        state.ctime = now;
        Ok(())
    }
}
