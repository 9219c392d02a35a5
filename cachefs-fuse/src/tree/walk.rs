use std::os::unix::ffi::OsStringExt;
use std::sync::Arc;

use cachefs_vfs::{Errno, Error, FileId, Name, Object, Opened, Result, VDir};

use super::Tree;
use super::patience::Patience;
use crate::inodes::NodeId;

/// No path is deeper; links that lead in a circle (names that others changed meanwhile) end here.
const DEPTH_MAX: usize = 1 << 16;
/// A walk goes up so many directories at most before it opens one on its way down.
const STRIDE: usize = 256;
/// A walk whose way was closed again meanwhile may go up further, but the stack has an end.
const RECURSION_MAX: usize = 2 * STRIDE;

/// A step of a walk: what the verb found under a name, and which file that is.
type Step<'a, T> = &'a dyn Fn(&dyn VDir, Name<'_>) -> Result<(FileId, T)>;

impl Tree {
    /// The handle of a directory: one that is open, or else found again by its names, each step verified, or by its
    /// identity.
    ///
    /// # Errors
    /// `ESTALE` if it is nowhere.
    pub(super) fn dir(&self, node: NodeId) -> Result<Arc<dyn VDir>> {
        self.dir_at(node, 0)
    }

    fn dir_at(&self, node: NodeId, depth: usize) -> Result<Arc<dyn VDir>> {
        if node == NodeId::ROOT {
            return Ok(Arc::clone(&self.root));
        }
        if let Some(dir) = self.handles.dir(node) {
            return Ok(dir);
        }
        let found = self.locate_at(node, depth, &|dir, name| {
            dir.dir(name).map(|opened| (opened.attr.id, opened.handle))
        })?;
        let dir = match found {
            Some(dir) => dir,
            None => match self.by_identity(node)?.handle {
                Object::Dir(dir) => dir,
                Object::File(_) => return Err(Error::new(Errno::NOTDIR)),
            },
        };
        self.cover(&*dir);
        self.handles.put_dir(node, Arc::clone(&dir));
        Ok(dir)
    }

    /// Runs `step` on the names of a node until it finds that node. While renames of ours are under way a failure
    /// proves nothing, and it tries again with the names as they are by then. `None` if the names are wrong.
    pub(super) fn locate<T>(&self, node: NodeId, step: Step<'_, T>) -> Result<Option<T>> {
        self.locate_at(node, 0, step)
    }

    fn locate_at<T>(&self, node: NodeId, depth: usize, step: Step<'_, T>) -> Result<Option<T>> {
        if depth > RECURSION_MAX {
            return Ok(None);
        }
        let mut patience = Patience::new(self.settle_max);
        loop {
            let moment = self.moves.now();
            if let Some(found) = self.locate_once(node, depth, step)? {
                return Ok(Some(found));
            }
            if self.moves.quiet_since(moment) || !patience.again()? {
                return Ok(None);
            }
        }
    }

    fn locate_once<T>(&self, node: NodeId, depth: usize, step: Step<'_, T>) -> Result<Option<T>> {
        let Some(wanted) = self.inodes.identity(node) else { return Ok(None) };
        for link in self.inodes.links(node) {
            if depth == 0 {
                self.approach(link.parent);
            }
            let name = std::ffi::OsString::from_vec(link.name.into_vec());
            let found = self.dir_at(link.parent, depth + 1).and_then(|dir| step(&*dir, Name::new(&name)?));
            match found {
                Ok((id, value)) if id == wanted => return Ok(Some(value)),
                Ok(_) => {}
                Err(error) if is_elsewhere(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Opens some of the directories above a very deep one, from the top. Where that fails the walk itself says why.
    fn approach(&self, dir: NodeId) {
        let mut way = Vec::new();
        let mut at = dir;
        while at != NodeId::ROOT && way.len() < DEPTH_MAX && self.handles.dir(at).is_none() {
            way.push(at);
            let Some(parent) = self.inodes.parent(at) else { return };
            at = parent;
        }
        for &at in way.iter().rev().skip(STRIDE - 1).step_by(STRIDE) {
            if self.dir_at(at, 1).is_err() {
                return;
            }
        }
    }

    /// Finds a node by the identity of its file, where the filesystem can.
    pub(super) fn by_identity(&self, node: NodeId) -> Result<Opened<Object>> {
        let stale = || Error::new(Errno::STALE);
        if !self.caps.open_id {
            return Err(stale());
        }
        let id = self.inodes.identity(node).or_else(|| self.inodes.numbering().identity(node));
        let id = id.ok_or_else(stale)?;
        let opened = self.fs.open_id(id)?;
        let found = opened.attr.id;
        let same = (found.device, found.inode) == (id.device, id.inode);
        match same && (id.generation == 0 || id.generation == found.generation) {
            true => Ok(opened),
            false => Err(stale()),
        }
    }
}

/// Whether an error says no more than that the file is not under this name. `EXDEV` is what openat2(2) with
/// `RESOLVE_BENEATH` answers if the file was moved out of the directory at that very moment.
fn is_elsewhere(error: &Error) -> bool {
    matches!(
        error.errno(),
        Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::ISDIR | Errno::STALE | Errno::XDEV
    )
}
