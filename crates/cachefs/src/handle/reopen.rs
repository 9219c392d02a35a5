use cachefs_vfs::{Access, Attr, Errno, Error, Name, Object, OpenHow, Opened, Result, VDir, VFile};

use super::again::for_need;
use super::place::DEPTH_MAX;
use crate::engine::Engine;
use crate::meta::{Asked, Node};
use crate::stats::BackingVerb;
use crate::sync::Arc;

/// How often an inode is looked for while renames of ours go on.
const TRIES: u32 = 64;

/// The backing's handles of an inode. All of these may call the backing.
impl Engine {
    /// A handle good for `need` (not [`Access::ReadWrite`]); had from one that is open, or
    /// where the file was last met, or by its identity.
    ///
    /// # Errors
    /// `ESTALE` if it cannot be found any more.
    pub(crate) fn file_handle(&self, node: &Arc<Node>, need: Access) -> Result<Arc<dyn VFile>> {
        // In a line of its own: the lock must be gone before others' handles are closed.
        let open = node.io().slots().file(need);
        if let Some(file) = open {
            self.handles.touch(node);
            return Ok(file);
        }
        let file = match self.open_again(node, need)? {
            Some(file) => file,
            None => self.find_file(node, need)?,
        };
        self.handles.touch(node);
        Ok(file)
    }

    fn find_file(&self, node: &Arc<Node>, need: Access) -> Result<Arc<dyn VFile>> {
        match self.at_place(node, 0, |dir, name| self.open_file(node, dir, name, need)) {
            Err(error) if error.errno() == Errno::STALE => match self.open_id(node)? {
                Object::File(file) => self.keep_found(node, need, file),
                Object::Dir(_) => Err(error),
            },
            other => other,
        }
    }

    /// Keeps a file found by its identity, which may be open for more than is needed: for writing.
    fn keep_found(&self, node: &Arc<Node>, need: Access, found: Arc<dyn VFile>) -> Result<Arc<dyn VFile>> {
        let Some((access, file)) = self.reopen(&*found, need)? else {
            return Ok(self.keep_file(node, need, found));
        };
        drop(found);
        let file = self.keep_file(node, access, file);
        self.probe_writer(node, true);
        Ok(file)
    }

    /// A handle for one handle of ours alone, opened where the file was last met.
    ///
    /// # Errors
    /// `ESTALE` if it is not there any more.
    pub(crate) fn open_at_place(&self, node: &Arc<Node>, how: OpenHow) -> Result<Arc<dyn VFile>> {
        self.at_place(node, 0, |dir, name| {
            let asked = self.asked_of(node);
            let opened = self.backing.call(BackingVerb::Open, || dir.open(name, how))?;
            if opened.attr.id != node.id {
                return Ok(None);
            }
            self.learn(node, &opened.attr, asked);
            Ok(Some(opened.handle))
        })
    }

    /// The directory's handle.
    ///
    /// # Errors
    /// `ESTALE` if it cannot be found any more.
    pub(crate) fn dir_handle(&self, node: &Arc<Node>) -> Result<Arc<dyn VDir>> {
        self.dir_handle_at(node, 0)
    }

    /// Asks the backing for the attributes of an inode, by what handle or place there is.
    pub(crate) fn ask_attr(&self, node: &Arc<Node>) -> Result<Attr> {
        let (file, dir) = {
            let slots = node.io().slots();
            (slots.file(Access::Path), slots.dir())
        };
        if let Some(file) = file {
            return self.backing.call(BackingVerb::Attr, || file.attr());
        }
        if let Some(dir) = dir {
            return self.backing.call(BackingVerb::Attr, || dir.attr());
        }
        let stat = |dir: &dyn VDir, name: Name<'_>| {
            let attr = self.backing.call(BackingVerb::Stat, || dir.stat(name))?;
            Ok((attr.id == node.id).then_some(attr))
        };
        match self.at_place(node, 0, stat) {
            Err(error) if error.errno() == Errno::STALE => match self.open_id(node)? {
                Object::File(file) => self.backing.call(BackingVerb::Attr, || file.attr()),
                Object::Dir(dir) => self.backing.call(BackingVerb::Attr, || dir.attr()),
            },
            other => other,
        }
    }

    /// Runs `act` on the directory and name where the inode should be; `act` answers `None` if it met another one
    /// there. Looks again as long as renames of ours may be the reason.
    fn at_place<T>(
        &self,
        node: &Arc<Node>,
        depth: u32,
        act: impl Fn(&dyn VDir, Name<'_>) -> Result<Option<T>>,
    ) -> Result<T> {
        let stale = || Error::new(Errno::STALE);
        if depth > DEPTH_MAX {
            return Err(stale());
        }
        for _ in 0..TRIES {
            let seen = self.renames.seen();
            if let Some(place) = self.likely_place(node) {
                match self.dir_handle_at(&place.dir, depth + 1).and_then(|dir| act(&*dir, place.name()?)) {
                    Ok(Some(found)) => return Ok(found),
                    Err(error) if !is_elsewhere(&error) => return Err(error),
                    _ => {}
                }
            }
            if !self.renames.moved_since(seen)? {
                break;
            }
        }
        Err(stale())
    }

    fn dir_handle_at(&self, node: &Arc<Node>, depth: u32) -> Result<Arc<dyn VDir>> {
        let open = node.io().slots().dir();
        if let Some(dir) = open {
            self.handles.touch(node);
            return Ok(dir);
        }
        let dir = match self.at_place(node, depth, |dir, name| self.open_dir(node, dir, name)) {
            Err(error) if error.errno() == Errno::STALE => match self.open_id(node)? {
                Object::Dir(dir) => {
                    node.io().slots().put_dir(Arc::clone(&dir));
                    dir
                }
                Object::File(_) => return Err(error),
            },
            other => other?,
        };
        self.handles.touch(node);
        Ok(dir)
    }

    /// Opens the file at its place, unless somebody else just did.
    fn open_file(
        &self,
        node: &Arc<Node>,
        dir: &dyn VDir,
        name: Name<'_>,
        need: Access,
    ) -> Result<Option<Arc<dyn VFile>>> {
        let _claim = node.io().claim()?;
        if let Some(file) = node.io().slots().file(need) {
            return Ok(Some(file));
        }
        let open = |access| self.backing.call(BackingVerb::Open, || dir.open(name, OpenHow::new(access)));
        let asked = self.asked_of(node);
        let (access, opened) = for_need(need, open)?;
        if opened.attr.id != node.id {
            return Ok(None);
        }
        self.learn(node, &opened.attr, asked);
        self.note_readable(node, access, &opened.attr, asked);
        let file = self.keep_file(node, access, opened.handle);
        self.probe_writer(node, true);
        Ok(Some(file))
    }

    /// Puts a handle of the file where others find it.
    pub(crate) fn keep_file(&self, node: &Node, access: Access, file: Arc<dyn VFile>) -> Arc<dyn VFile> {
        let superfluous = node.io().put_file(access, Arc::clone(&file));
        drop(superfluous);
        file
    }

    /// The backing let us open the file so, when it had these attributes: if it still has them, it would again.
    pub(crate) fn note_readable(&self, node: &Node, access: Access, attr: &Attr, asked: Asked) {
        let mut state = node.state.lock();
        let is_same = |known: &Attr| known.version() == attr.version() && known.mode == attr.mode;
        if access.reads() && state.changed() <= asked.stamp && state.attr_known().is_some_and(is_same) {
            state.set_readable(true);
        }
    }

    fn open_dir(&self, node: &Arc<Node>, dir: &dyn VDir, name: Name<'_>) -> Result<Option<Arc<dyn VDir>>> {
        let _claim = node.io().claim()?;
        if let Some(dir) = node.io().slots().dir() {
            return Ok(Some(dir));
        }
        let asked = self.asked_of(node);
        let Opened { handle, attr } = self.backing.call(BackingVerb::Dir, || dir.dir(name))?;
        if attr.id != node.id {
            return Ok(None);
        }
        self.learn(node, &attr, asked);
        node.io().slots().put_dir(Arc::clone(&handle));
        Ok(Some(handle))
    }

    fn open_id(&self, node: &Node) -> Result<Object> {
        if !self.backing.caps().open_id {
            return Err(Error::new(Errno::STALE));
        }
        let opened = self.backing.call(BackingVerb::OpenId, || self.backing.fs.open_id(node.id))?;
        if opened.attr.id != node.id {
            return Err(Error::new(Errno::STALE));
        }
        Ok(opened.handle)
    }
}

/// Whether the error says that the inode is not at this place.
fn is_elsewhere(error: &Error) -> bool {
    matches!(
        error.errno(),
        Errno::NOENT | Errno::NOTDIR | Errno::ISDIR | Errno::LOOP | Errno::STALE | Errno::OPNOTSUPP
    )
}
