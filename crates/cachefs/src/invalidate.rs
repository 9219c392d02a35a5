use std::path::{Component, Path};

use cachefs_vfs::{Errno, Error, FileId, Name, Result};

use crate::dir::CacheDir;
use crate::engine::Engine;
use crate::fs::CacheFs;
use crate::meta::{Node, Target};
use crate::stats::{Counter, MissReason};

impl CacheFs {
    /// Forgets what is known of the file or directory at `path` (from the root; symlinks are not followed) and of its
    /// name, so that the next verb asks the backing. For a directory: its attributes, names and listing, not what is
    /// beneath. Asks the backing what the path stands for now; one that does not exist is no error.
    ///
    /// # Errors
    /// `EINVAL` for a path with `..` in it; what the backing answers on the way.
    pub fn invalidate(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let result = self.forget_path(path).map_err(|error| error.on("invalidating", path));
        self.engine().stats.count(Counter::InvalidatedManual);
        result
    }

    /// Forgets everything and gives the memory back. What handles stand for stays usable.
    pub fn clear(&self) {
        let engine = self.engine();
        let stamp = engine.stamps.next();
        engine.store.clear();
        engine.names.clear();
        engine.listings.clear();
        let (gone, held) = engine.nodes.clear(stamp);
        gone.iter().for_each(|node| engine.lay_off(node));
        held.iter().for_each(|node| engine.forget_node(node));
        // What loads and writes under way put in meanwhile.
        engine.store.clear();
    }

    pub(crate) fn forget_path(&self, path: &Path) -> Result<()> {
        let parts = names(path)?;
        let Some((last, parents)) = parts.split_last() else {
            self.root_dir().forget_own();
            return Ok(());
        };
        let Some(dir) = self.dir_along(parents)? else { return Ok(()) };
        dir.forget_name(*last);
        match dir.ask(*last) {
            Ok((node, _)) => self.engine().forget_node(&node),
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// The directory that the backing has at a path now; `None` if there is none.
    pub(crate) fn dir_asked(&self, path: &Path) -> Result<Option<CacheDir>> {
        self.dir_along(&names(path)?)
    }

    fn dir_along(&self, names: &[Name<'_>]) -> Result<Option<CacheDir>> {
        let mut dir = self.root_dir();
        for &name in names {
            dir = match dir.ask(name) {
                Ok((node, attr)) if attr.kind.is_dir() => dir.below(name, &node),
                Ok(_) => return Ok(None),
                Err(error) if error.is_not_found() => return Ok(None),
                Err(error) => return Err(error),
            };
        }
        Ok(Some(dir))
    }
}

/// The names of a path.
///
/// # Errors
/// `EINVAL` for a path with `..` in it.
pub(crate) fn names(path: &Path) -> Result<Vec<Name<'_>>> {
    let mut names = Vec::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => names.push(Name::new(name)?),
            Component::RootDir | Component::CurDir => {}
            Component::ParentDir | Component::Prefix(_) => return Err(Error::new(Errno::INVAL)),
        }
    }
    Ok(names)
}

impl CacheDir {
    fn forget_own(&self) {
        self.engine().forget_node(self.node());
    }

    /// Forgets a name, what it stood for, and the listing it is in.
    fn forget_name(&self, name: Name<'_>) {
        let engine = self.engine();
        let before = engine.names.hint(self.node(), name);
        self.node().names_changed.raise(engine.stamps.next());
        engine.names.forget(self.node(), name);
        engine.listings.forget(self.node().id);
        if let Some(Target::File(id)) = before
            && let Some(node) = engine.nodes.get(id)
        {
            engine.forget_node(&node);
        }
    }
}

impl Engine {
    /// The bytes of a file were changed through a descriptor of the backing.
    pub(crate) fn touched(&self, id: FileId) {
        for node in self.nodes.all_of(id) {
            self.reset(&node, MissReason::Invalidated);
            node.state.lock().doubt_freedom();
        }
    }

    fn forget_node(&self, node: &Node) {
        self.reset(node, MissReason::Invalidated);
        let stamp = self.stamps.next();
        node.names_changed.raise(stamp);
        node.names_since.raise(stamp);
        self.listings.forget(node.id);
    }
}
