use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::time::Instant;

use cachefs_vfs::{Access, Attr, Errno, Error, Name, OpenHow, Opened, Result, VDir, VFile, nowait};

use super::{Entry, Errand, Tree};
use crate::handles::Slot;
use crate::inodes::NodeId;

/// How often a look-up that a rename got in the way of is made again before its answer is given to be forgotten.
const TRIES: usize = 3;

/// What is behind a name, and how it was opened if it was.
pub(super) type Looked = (Attr, Option<(Arc<dyn VFile>, OpenHow)>);

impl Tree {
    /// What `name` in a directory stands for. `.` and `..` come from users of file handles (NFS), who may name a
    /// directory we were told to forget. `walker` is the thread that asks.
    pub(crate) fn lookup(&self, parent: NodeId, name: &OsStr, walker: u32) -> Result<Entry> {
        match name.as_bytes() {
            b"." => self.itself(parent),
            b".." => self.itself(self.inodes.parent(parent).ok_or(Error::new(Errno::STALE))?),
            bytes => {
                let dir = self.dir(parent)?;
                let again = self.walks_again(walker).then_some(walker);
                let mut entry = None;
                for _ in 0..TRIES {
                    let moment = self.moves.now();
                    let (attr, handle) = self.look(&*dir, Name::new(name)?, again)?;
                    let attr = self.true_attr(attr)?;
                    let moved = !self.moves.quiet_since(moment);
                    entry = Some(Entry { since: Some(moment), handle, ..Entry::new(attr, parent, bytes) });
                    if !moved || nowait::check().is_err() {
                        break;
                    }
                }
                entry.ok_or(Error::new(Errno::STALE))
            }
        }
    }

    /// The attributes behind a name; of a file that may be opened unseen with a handle, since it could not be had any
    /// more once others replaced the file. One is kept for the thread that missed it already and looks `again`.
    pub(super) fn look(&self, dir: &dyn VDir, name: Name<'_>, again: Option<u32>) -> Result<Looked> {
        let unseen = self.inodes.is_uncounted();
        if !unseen && again.is_none() {
            return Ok((dir.stat(name)?, None));
        }
        let how = OpenHow::new(Access::Path);
        let attr = match dir.open(name, how) {
            Ok(Opened { handle, attr }) if unseen && !attr.kind.is_dir() => {
                return Ok((attr, Some((handle, how))));
            }
            Ok(Opened { handle, attr }) => {
                if let Some(walker) = again.filter(|_| !attr.kind.is_dir()) {
                    self.spares.put(attr.id, walker, Slot::new(handle, how), Instant::now());
                }
                attr
            }
            Err(error) if is_unheld(&error) => dir.stat(name)?,
            Err(error) => return Err(error),
        };
        Ok((attr, None))
    }

    fn itself(&self, node: NodeId) -> Result<Entry> {
        let moment = self.moves.now();
        let attr = self.attr(node)?;
        let link = self.inodes.links(node).into_iter().next().map(|link| (link.parent, link.name));
        Ok(Entry { attr, link, since: Some(moment), locked: false, handle: None })
    }

    /// The attributes of a node, by a handle if there is one, else by name, else by identity.
    pub(crate) fn attr(&self, node: NodeId) -> Result<Attr> {
        if node == NodeId::ROOT {
            return self.root.attr();
        }
        self.heed_writers(node);
        if let Some(file) = self.handles.file(node).and_then(|slot| slot.any()) {
            return file.attr();
        }
        if let Some(dir) = self.handles.dir(node) {
            return dir.attr();
        }
        if let Some(gone) = self.inodes.gone(node) {
            return Ok(gone.attr);
        }
        let found = self.locate(node, &|dir, name| dir.stat(name).map(|attr| (attr.id, attr)))?;
        if let Some(attr) = found {
            return Ok(attr);
        }
        match self.by_spare(node, |spare| spare.attr()) {
            Some(attr) => attr,
            None => self.by_identity(node).map(|opened| opened.attr),
        }
    }

    /// As [`Tree::attr`], for the kernel to see: notes whether pages it keeps are still of this version. `walker` is the
    /// thread that asks.
    pub(crate) fn show_attr(&self, node: NodeId, walker: u32) -> Result<Attr> {
        let attr = self.walked(walker, Errand::Look, || self.attr(node))?;
        self.show(node, &attr);
        Ok(attr)
    }
}

/// Whether the filesystem has no handle for us, or none to spare.
fn is_unheld(error: &Error) -> bool {
    matches!(error.errno(), Errno::OPNOTSUPP | Errno::MFILE | Errno::NFILE | Errno::ACCESS | Errno::PERM)
}
