//! What verbs on names mean for dirty files: a file is found dirty by where it is known to be, and then asked for.

use std::path::PathBuf;

use cachefs_vfs::{Attr, Errno, Error, FileId, Name, RemoveKind, Result};

use super::dir::WriteDir;

/// How often a name is looked at again while others move it.
const TRIES_MAX: usize = 16;

impl WriteDir {
    /// Which file `name` is likely to be, if that may be dirty, or may become so any moment because it is open. Who
    /// wants to know has the name alone.
    pub(super) fn likely(&self, name: Name<'_>) -> Result<Option<FileId>> {
        let core = &self.shared.core;
        let known = self.shared.places.at(self.place.id(), name).map(|place| place.id());
        let handles = &self.shared.handles;
        if known.is_some() || !(core.table.may_be_dirty_elsewhere() || handles.any_linked()) {
            return Ok(known);
        }
        match self.inner.stat(name) {
            Ok(Attr { id, .. }) => {
                Ok(Some(id).filter(|id| handles.any(*id) || core.table.get(*id).is_some()))
            }
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The attributes of `name` if it is `id` indeed. Otherwise that it was known to be is forgotten.
    pub(super) fn still(&self, name: Name<'_>, id: FileId) -> Result<Option<Attr>> {
        match self.inner.stat(name) {
            Ok(attr) if attr.id == id => Ok(Some(attr)),
            Err(error) if !error.is_not_found() => Err(error),
            _ => {
                self.shared.places.removed(&self.place, name);
                Ok(None)
            }
        }
    }

    /// The path of `name`, where that is known.
    pub(super) fn path_of(&self, name: Name<'_>) -> Option<PathBuf> {
        self.place.path().map(|path| path.join(name.as_os_str()))
    }

    /// Lets go of what is dirty of a file without names that nobody has open.
    pub(super) fn nameless(&self, id: FileId) {
        if !self.shared.handles.any(id) {
            self.shared.core.last_closed(id);
        }
    }

    pub(super) fn remove_file(&self, name: Name<'_>) -> Result<()> {
        let _alone = self.shared.names.take(self.place.id(), name);
        let _naming = self.shared.core.naming();
        let verb = || {
            self.inner.remove(name, RemoveKind::File)?;
            self.shared.places.removed(&self.place, name);
            Ok(())
        };
        for _ in 0..TRIES_MAX {
            let Some(id) = self.likely(name)? else { return verb() };
            let turn = self.shared.core.turn(id)?;
            if !turn.is_dirty() {
                turn.before_removal()?;
                return turn.changing(verb, |()| None);
            }
            if let Some(attr) = self.still(name, id)? {
                let last = attr.links <= 1;
                turn.removing(last, true, (&self.inner, self.path_of(name)), verb)?;
                drop(turn);
                if last {
                    self.nameless(id);
                }
                return Ok(());
            }
        }
        Err(Error::new(Errno::BUSY).on("removing", self.path_of(name).unwrap_or_default()))
    }

    /// A file that gets another name is flushed first: others may come by the new one at any time.
    pub(super) fn link_file(&self, name: Name<'_>, to_dir: &Self, to: Name<'_>) -> Result<Attr> {
        let core = &self.shared.core;
        let _alone = self.shared.names.take_two((self.place.id(), name), (to_dir.place.id(), to));
        let _naming = core.naming();
        let again = || to_dir.inner.stat(to);
        for _ in 0..TRIES_MAX {
            let Some(id) = self.likely(name)? else {
                let asked = core.asked();
                let attr = self.inner.hard_link(name, &*to_dir.inner, to)?;
                self.shared.handles.linked(attr.id);
                // A file that is open by another name may have become dirty meanwhile.
                if let Some(file) = core.table.get(attr.id).filter(|file| file.is_dirty()) {
                    core.settled(&file)?;
                }
                return self.shared.laid_over(attr, asked, again);
            };
            self.shared.handles.linked(id);
            let turn = core.turn(id)?;
            if turn.is_dirty() && self.still(name, id)?.is_none() {
                continue;
            }
            turn.flush_and_hold()?;
            let verb = || {
                let asked = core.asked();
                Ok((self.inner.hard_link(name, &*to_dir.inner, to)?, asked))
            };
            let (attr, asked) = turn.changing(verb, |(attr, _)| Some(*attr))?;
            let attr = core.attr_of(attr, asked);
            drop(turn);
            return attr.map_or_else(|| self.shared.attr(again), Ok);
        }
        Err(Error::new(Errno::BUSY).on("linking", self.path_of(name).unwrap_or_default()))
    }
}
