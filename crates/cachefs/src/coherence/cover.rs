use cachefs_vfs::{
    Access, Attr, Errno, Error, FileId, Name, Notice, OpenHow, Result, Subject, Touch, VDir, Watch,
};

use super::Changed;
use crate::engine::Engine;
use crate::meta::{Asked, Cover, Node, Placed, Stamp, WatchedMark};
use crate::stats::BackingVerb;
use crate::sync::Arc;

/// Putting directories and files under watch. Calls the backing, once per inode.
impl Engine {
    /// To be taken before the backing is asked, by its handle `dir`, for names in a directory or its listing.
    ///
    /// # Errors
    /// `EWOULDBLOCK` rather than wait, where the caller must not.
    pub(crate) fn asked_in(&self, node: &Node, dir: &dyn VDir) -> Result<Asked> {
        self.cover_dir(node, dir)?;
        let asked = self.asked();
        Ok(Asked { cover: self.cover_at(node, asked.stamp), ..asked })
    }

    /// Has a directory watched for whoever asks for something in it from now on.
    ///
    /// # Errors
    /// As [`Self::asked_in`]. That the directory cannot be watched is none.
    pub(crate) fn cover_dir(&self, node: &Node, dir: &dyn VDir) -> Result<()> {
        if self.is_to_cover(node)
            && let Err(error) = self.cover(node, |watch| dir.watch(watch))
            && error.errno() == Errno::WOULDBLOCK
        {
            return Err(error);
        }
        Ok(())
    }

    /// What was under watch for whoever asked for something in the directory at this stamp.
    pub(crate) fn cover_at(&self, dir: &Node, stamp: Stamp) -> Option<Cover> {
        let is_told = self.freshness.is_watched() && !self.freshness.is_lost();
        (is_told && self.is_covered_at(dir, stamp)).then_some(Cover(dir.id.device))
    }

    /// Whether the inode itself was under watch at this stamp.
    pub(crate) fn is_covered_at(&self, node: &Node, stamp: Stamp) -> bool {
        node.is_covered_at(stamp, self.freshness.proven())
    }

    fn is_to_cover(&self, node: &Node) -> bool {
        let freshness = &self.freshness;
        freshness.is_watched() && !freshness.is_lost() && node.is_cover_unknown(freshness.proven())
    }

    /// Has a file of several names watched itself, for others may change it by a name nobody knows here. What is known
    /// of it by now is from before that.
    pub(crate) fn cover_linked(&self, node: &Node, attr: &Attr, dir: &dyn VDir, name: Name<'_>) {
        let is_needed = !self.lookout.is_whole() && !attr.kind.is_dir() && attr.links > 1;
        if !is_needed || !self.is_to_cover(node) {
            return;
        }
        let how = OpenHow::new(Access::Path);
        let covered = match self.backing.call(BackingVerb::Open, || dir.open(name, how)) {
            Ok(opened) if opened.attr.id == node.id => self.cover(node, |watch| opened.handle.watch(watch)),
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = covered {
            tracing::debug!(%name, %error, "a file of several names is not watched");
        }
    }

    /// Puts an inode under watch by the verb of the contract.
    ///
    /// # Errors
    /// The backing's; `ESTALE` without a watch.
    pub(crate) fn cover(&self, node: &Node, call: impl FnOnce(&dyn Watch) -> Result<()>) -> Result<()> {
        let watch = self.lookout.watch().ok_or(Error::new(Errno::STALE))?;
        let (before, mark) = (self.stamps.now(), node.cover_mark());
        match self.backing.call(BackingVerb::Watch, || call(&*watch)) {
            Ok(()) => {
                self.now_covered(node, mark, before);
                Ok(())
            }
            Err(error) => {
                if error.errno() != Errno::WOULDBLOCK {
                    self.refuse_cover(node, &error);
                }
                Err(error)
            }
        }
    }

    fn now_covered(&self, node: &Node, mark: WatchedMark, asked: Stamp) {
        let is_first = node.is_cover_unknown(self.freshness.proven());
        let since = self.stamps.next();
        // What was lost since may have been this. If it comes now, it is later than `since`.
        if self.freshness.proven() > asked {
            return;
        }
        node.set_covered(mark, since);
        // Who is about to hand on what he asked for before must not take it for covered.
        if is_first && !self.lookout.is_whole() {
            let whose = Subject { id: Some(node.id), at: None };
            self.lookout.listeners.tell(&Notice::Inode { whose, touch: Touch::Attr });
        }
    }

    fn refuse_cover(&self, node: &Node, error: &Error) {
        let was_unknown = node.is_cover_unknown(self.freshness.proven());
        node.refuse_cover();
        if was_unknown && self.lookout.count_uncovered() && !self.freshness.is_lost() {
            tracing::warn!(inode = node.id.inode, %error, "cannot be watched, and is asked for again and again; so may be others");
        }
    }

    /// Names left the table: what they stood for may be changed by names that nobody knows here any more.
    pub(crate) fn displace(&self, placed: &Placed) {
        placed.displaced.iter().for_each(|&id| self.lose_cover(id));
    }

    /// Nobody here would know of this inode that a notice is about it.
    pub(crate) fn lose_cover(&self, id: FileId) {
        let stamp = self.stamps.next();
        // Or an answer on its way would bring one to who is not known here yet.
        self.freshness.raise(Changed::Inode(id), stamp);
        if let Some(node) = self.nodes.peek(id) {
            node.state.lock().lose_cover(stamp);
        }
    }

    /// To be taken before an inode is asked for by a handle, or at its place.
    pub(crate) fn asked_of(&self, node: &Node) -> Asked {
        let asked = self.asked();
        let cover = || node.io_if_any()?.place()?.cover(self, node.id, asked.stamp);
        Asked { cover: if self.freshness.is_watched() { cover() } else { None }, ..asked }
    }

    /// Has a directory watched that is about to be asked for its attributes, if that is possible.
    pub(crate) fn cover_own(&self, node: &Arc<Node>) {
        if self.is_to_cover(node) {
            let covered = self.dir_handle(node).and_then(|dir| self.cover_dir(node, &*dir));
            if let Err(error) = covered {
                tracing::debug!(inode = node.id.inode, %error, "a directory is not watched");
            }
        }
    }
}
