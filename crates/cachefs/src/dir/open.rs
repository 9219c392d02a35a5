use cachefs_vfs::{Access, Errno, Error, FileKind, Name, OpenHow, Opened, Result, VFile};

use super::CacheDir;
use super::look::Known;
use crate::file::CacheFile;
use crate::handle::{Held, Own};
use crate::stats::BackingVerb;
use crate::sync::Arc;

impl CacheDir {
    pub(super) fn open_file(&self, name: Name<'_>, how: OpenHow) -> Result<Opened<Arc<dyn VFile>>> {
        let since = self.mark();
        let known = match self.known(name) {
            Known::Nothing => return Err(self.nothing()),
            Known::Node(node, attr) => Some((node, attr)),
            Known::Unknown => None,
        };
        // Bytes for a file that others have replaced would be lost with it.
        let is_certain = !how.access.writes() || self.is_proven(name);
        let Some((node, attr)) = known.filter(|_| is_certain && !how.direct && !how.truncate) else {
            return self.open_backing(name, how);
        };
        check_kind(attr.kind, how.access)?;
        let held = Held::of(self.fs(), node, how.access);
        let node = &held.node;
        if !self.still(name, node, since) {
            return self.open_backing(name, how);
        }
        node.set_place(self.node(), name);
        if !self.engine().can_wait(node, &attr, how.access) {
            match self.engine().file_handle(node, how.access) {
                // Others replaced it since it was looked up.
                Err(error) if error.errno() == Errno::STALE => return self.open_backing(name, how),
                Err(error) if is_no_handle(how, &error) => {}
                other => drop(other?),
            }
        }
        self.count_known();
        let file = CacheFile::new(held, how, None);
        Ok(Opened { handle: Arc::new(file), attr })
    }

    /// A handle that has none of the backing behind it until it needs one.
    fn open_unopened(&self, name: Name<'_>, how: OpenHow) -> Result<Opened<Arc<dyn VFile>>> {
        let since = self.mark();
        let (node, attr) = self.ask(name)?;
        let held = Held::new(self.fs(), &node, how.access);
        if !self.still(name, &node, since) {
            // It may be gone already.
            node.io().keep();
        }
        node.set_place(self.node(), name);
        Ok(Opened { handle: Arc::new(CacheFile::new(held, how, None)), attr })
    }

    /// Opens the file at the backing, also for its attributes: others may replace it before more is asked of it.
    fn open_backing(&self, name: Name<'_>, how: OpenHow) -> Result<Opened<Arc<dyn VFile>>> {
        let engine = self.engine();
        let dir = self.backing()?;
        let asked = self.asked(&*dir)?;
        let answer = engine.backing.call(BackingVerb::Open, || dir.open(name, how));
        if answer.is_err() && how.truncate {
            self.doubt(name);
        }
        if answer.as_ref().is_err_and(|error| is_no_handle(how, error)) {
            return self.open_unopened(name, how);
        }
        let (Opened { handle, attr }, asked) = self.learn_name(name, asked, answer, |opened| &opened.attr)?;
        let node = if how.truncate { engine.adopt_new(&attr, asked) } else { engine.adopt(&attr, asked) };
        engine.cover_linked(&node, &attr, &*dir, name);
        let held = Held::new(self.fs(), &node, how.access);
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
        let file = CacheFile::new(held, how, own);
        Ok(Opened { handle: Arc::new(file), attr })
    }
}

/// Whether the backing has no handle to spare, or none for us, of what may do without.
fn is_no_handle(how: OpenHow, error: &Error) -> bool {
    let is_asked_only = how.access == Access::Path && !how.truncate && !how.direct;
    let refusals = [Errno::OPNOTSUPP, Errno::MFILE, Errno::NFILE, Errno::ACCESS, Errno::PERM];
    is_asked_only && refusals.contains(&error.errno())
}

/// What may be opened for what, by kind.
pub(crate) fn check_kind(kind: FileKind, access: Access) -> Result<()> {
    let errno = match (kind, access) {
        (_, Access::Path) | (FileKind::Regular, _) => return Ok(()),
        (FileKind::Directory, _) => Errno::ISDIR,
        (FileKind::Symlink, _) => Errno::LOOP,
        _ => Errno::OPNOTSUPP,
    };
    Err(Error::new(errno))
}
