use std::path::PathBuf;

use cachefs_vfs::{Attr, Error, FileId, Result, VDir, VFile};
use tracing::debug;

use super::{Core, Turn};
use crate::dirty::{DirtyFile, State};
use crate::journal::{Entry, FileNo};
use crate::sync::Arc;

/// What is left over of a file that became clean, to be dropped without a lock.
#[derive(Debug)]
#[must_use]
pub(crate) struct Leftover {
    handle: Option<Arc<dyn VFile>>,
    removed_from: Option<Arc<dyn VDir>>,
    forget: Vec<FileId>,
}

impl Turn<'_> {
    /// Does `verb`, which removes a name of the file, or puts another file in its place. `last`: it has no other.
    /// `handles`: somebody of ours has it open. With neither a name nor a handle left, its dirty bytes go. `name` is
    /// the backing's directory that the name is in, and its path, where that is known.
    ///
    /// # Errors
    /// Those of the verb.
    pub(crate) fn removing<T>(
        &self,
        last: bool,
        handles: bool,
        (dir, path): (&Arc<dyn VDir>, Option<PathBuf>),
        verb: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        if last && self.flushed_before_removal() {
            return self.changing(verb, |_| None);
        }
        self.note_name(path);
        if !last {
            self.file().state().several = true;
            let result = self.changing(verb, |_| None);
            self.look_nameless(handles);
            return result;
        }
        let Some((no, handle)) = self.begin_removal() else {
            return verb();
        };
        let result = verb();
        let attr = handle.and_then(|handle| handle.attr().ok());
        let gone = attr.map_or(result.is_ok(), |attr| attr.links == 0);
        let mut state = self.file().state();
        state.touch_backing();
        if gone {
            state.unlinked = true;
            state.unreferenced = !handles;
            state.removed_from = (!state.had_other_names()).then(|| Arc::clone(dir));
        } else {
            self.core.note(&mut state, &Entry::Stays { no });
        }
        self.core.after_removal(&mut state, no, attr);
        result
    }

    /// Whether it is clean: what was promised of a file goes to the backing before its last name goes, if it had others
    /// before. The power may bring back any of them, and only the last one is known.
    fn flushed_before_removal(&self) -> bool {
        let wanted = {
            let state = self.file().state();
            state.is_dirty() && state.had_other_names() && self.core.is_promised(&state)
        };
        let failed = |error: &Error| debug!(%error, "removed with its bytes in the journal");
        wanted && self.flush_and_hold().inspect_err(failed).is_ok()
    }

    /// The name that was not the last one may have become so: others remove names, too.
    fn look_nameless(&self, handles: bool) {
        let mut state = self.file().state();
        let nameless = state.seen.is_some_and(|(attr, _)| attr.links == 0);
        if let Some(no) = state.no.filter(|_| nameless && !state.foreign) {
            self.core.note(&mut state, &Entry::Gone { no });
            (state.unlinked, state.unreferenced) = (true, !handles);
        }
    }

    /// A replay is to know where the name was: only when that directory is durable is it gone for good.
    fn note_name(&self, path: Option<PathBuf>) {
        let mut state = self.file().state();
        if let (Some(no), Some(path)) = (state.no, path) {
            self.core.note(&mut state, &Entry::Rename { no: Some(no), from: path.clone(), to: path });
        }
    }

    fn begin_removal(&self) -> Option<(FileNo, Option<Arc<dyn VFile>>)> {
        let mut state = self.file().state();
        let no = state.no?;
        self.core.note(&mut state, &Entry::Gone { no });
        state.touch_backing();
        Some((no, state.handle.clone()))
    }
}

impl Core {
    fn after_removal(&self, state: &mut State, no: FileNo, attr: Option<Attr>) {
        self.note(state, &Entry::Window { no });
        if let Some(attr) = attr {
            if state.own != Some(attr.version()) {
                state.ctime = state.ctime.max(attr.ctime);
            }
            self.know(state, &attr);
            self.note(state, &Entry::Own { no, own: attr.version() });
        } else {
            state.open = true;
            state.windows += 1;
            state.seen = None;
            self.place_again(state);
            self.moved(state);
        }
    }

    /// The last handle of ours of a file was closed. If it has no name any more, either, its dirty bytes go: now, or
    /// when the turn that somebody has is over.
    pub(crate) fn last_closed(&self, id: FileId) {
        let Some(file) = self.table.get(id) else { return };
        file.state().unreferenced = true;
        self.drop_if_unreferenced(&file);
    }

    pub(crate) fn drop_if_unreferenced(&self, file: &Arc<DirtyFile>) {
        // Of what was promised, and removed where nobody knows, the flush takes care: the power may bring it back.
        let may_go = |state: &State| state.removed_from.is_some() || !self.is_promised(state);
        // Asked while nobody else may look at the state: who comes by its identity from then on is told it is gone.
        let is_held = || self.handles.any(file.id());
        let is_left = |state: &State| {
            state.is_dirty() && state.unlinked && state.unreferenced && may_go(state) && !is_held()
        };
        while is_left(&file.state()) && file.try_turn() {
            let leftover = {
                let mut state = file.state();
                is_left(&state).then(|| self.drop_bytes(file, &mut state))
            };
            file.end_turn();
            if let Some(leftover) = leftover {
                self.finish(leftover);
            }
        }
    }

    /// Lets go of what is dirty of a file.
    pub(crate) fn drop_bytes(&self, file: &DirtyFile, state: &mut State) -> Leftover {
        if self.is_promised(state) && state.unlinked {
            self.removals.put(file, state);
            self.settling.ring();
        }
        let weight = state.extents.clear();
        state.truncate = None;
        state.epoch += 1;
        state.dropped = true;
        debug!(inode = file.id().inode, bytes = weight.bytes, "nobody can read these bytes any more");
        self.pressure.give_back(weight);
        self.become_clean(file, state)
    }

    /// The file has nothing dirty left.
    pub(crate) fn become_clean(&self, file: &DirtyFile, state: &mut State) -> Leftover {
        let Some(no) = state.no else {
            return Leftover { handle: None, removed_from: None, forget: Vec::new() };
        };
        if !self.removals.has(no) {
            self.note(state, &Entry::Done { no });
        }
        state.no = None;
        state.anchor = None;
        state.promised = false;
        (state.open, state.windows, state.foreign) = (false, 0, false);
        state.recovered();
        self.moved(state);
        let elsewhere = std::mem::take(&mut state.elsewhere);
        self.table.became_clean(file.id(), elsewhere);
        let known = std::mem::replace(&mut state.remembered, true);
        let forget = if known { Vec::new() } else { self.table.remember(file.id()) };
        Leftover { handle: state.handle.take(), removed_from: state.removed_from.take(), forget }
    }

    /// Drops what is left over of a file that became clean, and forgets others if there are too many such.
    pub(crate) fn finish(&self, leftover: Leftover) {
        drop((leftover.handle, leftover.removed_from));
        self.forget(leftover.forget);
    }
}
