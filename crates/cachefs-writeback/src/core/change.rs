use std::path::Path;

use cachefs_vfs::{Attr, Result, SetAttr, SetTime};

use super::{Core, Turn};
use crate::dirty::{DirtyFile, State};
use crate::journal::Entry;
use crate::sync::{Arc, Ordering};

/// What of a version a verb moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moves {
    Ctime,
    Times,
}

impl Turn<'_> {
    /// Does a verb that moves the file's ctime at the backing, and takes note of the version it left: as `seen` has it,
    /// else as the file's handle answers.
    ///
    /// # Errors
    /// Those of the verb, which may have been done all the same.
    pub(crate) fn changing<T>(
        &self,
        verb: impl FnOnce() -> Result<T>,
        seen: impl FnOnce(&T) -> Option<Attr>,
    ) -> Result<T> {
        self.moving_version(Moves::Ctime, verb, seen)
    }

    /// As [`Self::changing`], for a verb that moves a name of the file.
    ///
    /// # Errors
    /// Those of the verb.
    pub(crate) fn moving<T>(&self, from: &Path, to: &Path, verb: impl FnOnce() -> Result<T>) -> Result<T> {
        let mut state = self.file().state();
        if state.is_dirty() {
            let entry = Entry::Rename { no: state.no, from: from.to_path_buf(), to: to.to_path_buf() };
            self.core.note(&mut state, &entry);
        }
        drop(state);
        self.changing(verb, |_| None)
    }

    /// Does a verb that changes attributes. Answers those that programs see after it.
    ///
    /// # Errors
    /// Those of the verb.
    pub(crate) fn set_attr(&self, set: &SetAttr, verb: impl FnOnce() -> Result<Attr>) -> Result<Attr> {
        let moves = if set.mtime.is_some() { Moves::Times } else { Moves::Ctime };
        let attr = self.moving_version(moves, verb, |attr| Some(*attr))?;
        let mut state = self.file().state();
        if let (Some(no), Some(time)) = (state.no, set.mtime) {
            let mtime = if let SetTime::To(time) = time { time } else { attr.mtime };
            state.mtime = mtime;
            // Bytes of no length: the way to say what counts as the time of the last write.
            self.core.note(&mut state, &Entry::Data { no, offset: 0, mtime });
        }
        Ok(state.overlaid(attr))
    }

    /// Does a verb on what the backing has, after all that is dirty of the file. Writers wait until the turn is over.
    ///
    /// # Errors
    /// Those of the flush, and of the verb.
    pub(crate) fn through<T>(&self, verb: impl FnOnce() -> Result<T>) -> Result<T> {
        self.flush_and_hold()?;
        // A replay must not take the flush for unfinished and write old bytes over what the verb leaves.
        self.core.commit_noted(self.file());
        self.begin_change(true);
        let result = verb();
        let mut state = self.file().state();
        if result.is_ok() {
            (state.own, state.seen) = (None, None);
        }
        state.touch_backing();
        state.epoch += 1;
        self.core.moved(&mut state);
        drop(state);
        self.core.remember_unsynced(self.file());
        result
    }

    fn moving_version<T>(
        &self,
        moves: Moves,
        verb: impl FnOnce() -> Result<T>,
        seen: impl FnOnce(&T) -> Option<Attr>,
    ) -> Result<T> {
        let handle = self.open_window();
        if moves == Moves::Times && handle.is_some() {
            // With the window lost and the new time kept, it would look like somebody else's change.
            self.core.commit_noted(self.file());
        }
        self.begin_change(false);
        let result = verb();
        let attr = result.as_ref().ok().and_then(seen);
        let attr = attr.or_else(|| handle.and_then(|handle| handle.attr().ok()));
        let mut state = self.file().state();
        state.touch_backing();
        self.core.close_window(&mut state, moves, attr);
        result
    }

    /// Answers the handle of a dirty file.
    fn open_window(&self) -> Option<Arc<dyn cachefs_vfs::VFile>> {
        let mut state = self.file().state();
        let no = state.no?;
        self.core.note(&mut state, &Entry::Window { no });
        state.handle.clone()
    }

    fn begin_change(&self, of_bytes: bool) {
        let mut state = self.file().state();
        if of_bytes {
            state.touch_bytes();
            state.epoch += 1;
        } else {
            state.touch_backing();
        }
    }
}

impl Core {
    /// Does a verb that moves the name of a directory, and with it the paths of all beneath.
    ///
    /// # Errors
    /// Those of the verb.
    pub(crate) fn moving_dir<T>(
        &self,
        from: &Path,
        to: &Path,
        verb: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        if self.table.dirty() > 0 && self.check_stopped().is_ok() {
            let entry = Entry::Rename { no: None, from: from.to_path_buf(), to: to.to_path_buf() };
            // A hint: without it a replay looks the files up by their identity.
            drop(self.journal.append(&entry, &[]).inspect_err(|error| self.look_broken(error)));
        }
        verb()
    }

    /// After a verb by name, of ours, on a file that became dirty meanwhile: what the backing has of it is ours.
    ///
    /// # Errors
    /// As [`Self::turn`].
    pub(crate) fn settled(&self, file: &Arc<DirtyFile>) -> Result<()> {
        let turn = self.turn_of(Arc::clone(file))?;
        let Some(handle) = turn.open_window() else { return Ok(()) };
        let attr = handle.attr().ok();
        let mut state = turn.file().state();
        if attr.is_some_and(|attr| attr.links == 0) {
            // Whether anybody has it open, the end of its last handle tells.
            (state.unlinked, state.unreferenced) = (true, false);
        }
        self.close_window(&mut state, Moves::Ctime, attr);
        Ok(())
    }

    fn close_window(&self, state: &mut State, moves: Moves, attr: Option<Attr>) {
        let Some(no) = state.no else {
            return self.know_clean(state, attr);
        };
        let Some(attr) = attr else {
            state.open = true;
            state.windows += 1;
            state.seen = None;
            self.place_again(state);
            return self.moved(state);
        };
        let before = state.own.filter(|_| !state.open);
        // What the verb does not touch and yet is different, somebody else changed before it.
        let foreign =
            before.filter(|own| own.size != attr.size || (moves == Moves::Ctime && own.mtime != attr.mtime));
        state.foreign |= foreign.is_some();
        state.know(&attr, self.clock.now());
        self.place_again(state);
        // A verb that was refused is not to be seen.
        if before != Some(attr.version()) {
            state.ctime = state.ctime.max(attr.ctime);
        }
        // The next flush, or a replay, is to find what is somebody else's.
        let own = foreign.unwrap_or_else(|| attr.version());
        state.own = Some(own);
        self.note(state, &Entry::Own { no, own });
    }

    fn know_clean(&self, state: &mut State, attr: Option<Attr>) {
        state.several |= attr.is_some_and(|attr| attr.links > 1);
        self.changes.fetch_add(1, Ordering::AcqRel);
        if state.own.is_none() {
            return;
        }
        if let Some(attr) = attr {
            state.own = Some(attr.version());
            (state.mtime, state.ctime) = (attr.mtime, attr.ctime);
        }
        self.moved(state);
    }
}
