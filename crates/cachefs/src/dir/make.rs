use cachefs_vfs::{Access, Attr, CreateHow, Name, Opened, Owner, Result, VDir, VFile, nowait};

use super::CacheDir;
use crate::engine::Engine;
use crate::file::CacheFile;
use crate::handle::{Held, Own};
use crate::meta::Target;
use crate::stats::BackingVerb;
use crate::sync::Arc;

impl CacheDir {
    /// Makes something that has a name and attributes, and nothing else yet.
    pub(super) fn make(
        &self,
        name: Name<'_>,
        verb: BackingVerb,
        make: impl FnOnce(&dyn VDir) -> Result<Attr>,
    ) -> Result<Attr> {
        nowait::check()?;
        let dir = self.backing()?;
        let change = self.begin_names(&*dir);
        let asked = change.asked();
        let made = self.engine().backing.call(verb, || make(&*dir));
        let placed = change.settle_now(name, made.as_ref().ok().map(|attr| Target::File(attr.id)));
        drop(change);
        let attr = made?;
        self.engine().adopt_new(&attr, asked.by(&placed));
        Ok(attr)
    }

    pub(super) fn create_file(
        &self,
        name: Name<'_>,
        how: CreateHow,
        owner: &Owner,
    ) -> Result<Opened<Arc<dyn VFile>>> {
        nowait::check()?;
        let dir = self.backing()?;
        let change = self.begin_names(&*dir);
        let asked = change.asked();
        let created = self.engine().backing.call(BackingVerb::Create, || dir.create(name, how, owner));
        let target = created.as_ref().ok().map(|created| Target::File(created.attr.id));
        let asked = asked.by(&change.settle_now(name, target));
        if created.is_err() && how.open.truncate {
            self.doubt(name);
        }
        let Opened { handle, attr } = created?;
        let engine = self.engine();
        let is_new = how.exclusive || how.open.truncate;
        let node = if is_new { engine.adopt_new(&attr, asked) } else { engine.adopt(&attr, asked) };
        let held = Held::new(self.fs(), &node, how.open.access);
        drop(change);
        node.set_place(self.node(), name);
        let access = how.open.access;
        let own = if how.open.direct || access == Access::Path {
            Some(Own::new(engine, handle))
        } else {
            if Engine::may_open_again(access, attr.mode) {
                let asked = if is_new { engine.asked() } else { asked };
                engine.note_readable(&node, access, &attr, asked);
            } else {
                node.io().keep();
            }
            engine.keep_file(&node, access, handle);
            engine.handles.touch(&node);
            None
        };
        let file = CacheFile::new(held, how.open, own);
        Ok(Opened { handle: Arc::new(file), attr })
    }
}
