use cachefs_vfs::{Access, Attr, Errno, Error, FileKind, Name, OpenHow, Opened, Result, VFile};

use super::CacheDir;
use super::look::Known;
use crate::file::CacheFile;
use crate::handle::{Held, Own};
use crate::meta::Node;
use crate::stats::BackingVerb;
use crate::sync::Arc;

impl CacheDir {
    pub(super) fn open_file(&self, name: Name<'_>, how: OpenHow) -> Result<Opened<Arc<dyn VFile>>> {
        let known = match self.known(name) {
            Known::Nothing => return Err(self.nothing()),
            Known::Node(node, attr) => Some((node, attr)),
            Known::Unknown => None,
        };
        let asked_now = known.is_none() && how.access == Access::Path;
        let known = if asked_now { Some(self.ask(name)?) } else { known };
        let Some((node, attr)) = known.filter(|_| !how.direct && !how.truncate) else {
            return self.open_backing(name, how);
        };
        check_kind(attr.kind, how.access)?;
        let held = Held::new(self.engine(), &node, how.access);
        if !self.still(name, &node) {
            return self.open_backing(name, how);
        }
        node.set_place(self.node(), name);
        if !self.can_wait(&node, &attr, how.access) {
            match self.engine().file_handle(&node, how.access) {
                // Others replaced it since it was looked up.
                Err(error) if error.errno() == Errno::STALE => return self.open_backing(name, how),
                other => drop(other?),
            }
        }
        if !asked_now {
            self.count_known();
        }
        let file = CacheFile::new(&self.fs, held, how, None);
        Ok(Opened { handle: Arc::new(file), attr })
    }

    /// Whether the backing need not be asked before a handle is first used: it would let us open the file, and all
    /// there is to read is here.
    fn can_wait(&self, node: &Node, attr: &Attr, access: Access) -> bool {
        match access {
            Access::Path => true,
            Access::Read => {
                let (readable, generation) = {
                    let state = node.state.lock();
                    (state.readable(), state.generation())
                };
                readable && self.engine().is_here(node, generation, attr.size)
            }
            Access::Write | Access::ReadWrite => false,
        }
    }

    /// Opens the file at the backing.
    fn open_backing(&self, name: Name<'_>, how: OpenHow) -> Result<Opened<Arc<dyn VFile>>> {
        let engine = self.engine();
        let dir = self.backing()?;
        let asked = self.asked(&*dir)?;
        let answer = engine.backing.call(BackingVerb::Open, || dir.open(name, how));
        if answer.is_err() && how.truncate {
            self.doubt(name);
        }
        let (Opened { handle, attr }, asked) = self.learn_name(name, asked, answer, |opened| &opened.attr)?;
        let node = if how.truncate { engine.adopt_new(&attr, asked) } else { engine.adopt(&attr, asked) };
        engine.cover_linked(&node, &attr, &*dir, name);
        let held = Held::new(engine, &node, how.access);
        if self.has_changed_since(asked) {
            // It may be gone already, and cannot be opened again then.
            node.io().keep();
        }
        node.set_place(self.node(), name);
        let own = if how.direct {
            Some(Own::new(engine, handle))
        } else {
            engine.note_readable(&node, how.access, &attr, asked);
            engine.keep_file(&node, how.access, handle);
            engine.handles.touch(&node);
            engine.probe_writer(&node, true);
            None
        };
        let file = CacheFile::new(&self.fs, held, how, own);
        Ok(Opened { handle: Arc::new(file), attr })
    }
}

/// What may be opened for what, by kind.
fn check_kind(kind: FileKind, access: Access) -> Result<()> {
    let errno = match (kind, access) {
        (_, Access::Path) | (FileKind::Regular, _) => return Ok(()),
        (FileKind::Directory, _) => Errno::ISDIR,
        (FileKind::Symlink, _) => Errno::LOOP,
        _ => Errno::OPNOTSUPP,
    };
    Err(Error::new(errno))
}
