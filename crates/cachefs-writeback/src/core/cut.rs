use cachefs_vfs::{Attr, Result, SyncHow, VFile, Version};

use super::{Core, Turn};
use crate::dirty::State;
use crate::flush::is_definite;
use crate::journal::{Entry, FileNo};

impl Turn<'_> {
    /// Does `verb`, which cuts or extends the file at the backing to `length`. Answers the attributes that programs see
    /// after it. Readers and writers of the file wait until it is done.
    ///
    /// # Errors
    /// Those of the verb; those of a flush, where somebody else changed the file.
    pub(crate) fn set_len(&self, length: u64, verb: impl FnOnce() -> Result<Attr>) -> Result<Attr> {
        // Behind a cut that the backing lacks so far, what is longer would bring back what was cut off.
        let lacks_cut = self.file().state().truncate.is_some();
        if lacks_cut || self.changed_by_others() {
            self.flush_and_hold()?;
        }
        // What the backing has afterwards is asked of a handle. One that went stale is opened again.
        let handle = if self.is_dirty() { self.core.handle_of(self.file()).ok() } else { None };
        let Some(no) = self.begin_cut(length) else {
            return self.set_len_clean(verb);
        };
        // The cut must not be older than what a replay knows of it.
        self.core.commit_noted(self.file());
        let before = self.before_cut(handle.as_deref());
        let result = verb();
        let attr = result.as_ref().ok().copied();
        let attr = attr.or_else(|| handle.as_ref().and_then(|handle| handle.attr().ok()));
        let synced = self.sync_cut(handle.as_deref());
        let mut state = self.file().state();
        match (attr, &result) {
            (Some(attr), Ok(_)) => self.core.end_cut(&mut state, no, length, &attr, synced),
            (Some(attr), Err(_)) if attr.size == length && before != Some(attr.version()) => {
                self.core.end_cut(&mut state, no, length, &attr, synced);
            }
            (None, Err(error)) if !is_definite(error.errno()) => self.core.cut_again(&mut state, length),
            (attr, _) => self.core.no_cut(&mut state, no, attr.as_ref()),
        }
        state.touch_backing();
        state.epoch += 1;
        state.cutting = false;
        self.core.moved(&mut state);
        result.map(|attr| state.overlaid(attr))
    }

    /// What the backing has before the cut: what it has after it tells whether it was done, should the answer get lost.
    fn before_cut(&self, handle: Option<&dyn VFile>) -> Option<Version> {
        let (own, open, seen) = {
            let state = self.file().state();
            (state.own, state.open, state.seen)
        };
        if !open {
            return own;
        }
        let attr = handle.and_then(|handle| handle.attr().ok()).or(seen.map(|(attr, _)| attr));
        attr.map(|attr| attr.version())
    }

    /// Promised bytes leave the journal with the cut, so the cut may not be lost. Answers whether it won't.
    fn sync_cut(&self, handle: Option<&dyn VFile>) -> bool {
        let promised = self.core.is_promised(&self.file().state());
        !promised || handle.is_some_and(|handle| handle.sync(SyncHow::All).is_ok())
    }

    fn set_len_clean(&self, verb: impl FnOnce() -> Result<Attr>) -> Result<Attr> {
        // A replay must not take the last flush for unfinished and write behind the cut.
        self.core.commit_noted(self.file());
        self.file().state().touch_bytes();
        let result = verb();
        let mut state = self.file().state();
        state.touch_backing();
        (state.own, state.seen) = (None, None);
        self.core.moved(&mut state);
        drop(state);
        self.core.remember_unsynced(self.file());
        result
    }

    fn begin_cut(&self, length: u64) -> Option<FileNo> {
        let mut state = self.file().state();
        let no = state.no?;
        let mtime = self.core.clock.wall();
        state.cutting = true;
        state.held = true;
        state.epoch += 1;
        state.touch_bytes();
        self.core.note(&mut state, &Entry::Truncate { no, length, mtime });
        Some(no)
    }

    /// Whether the backing's file is not as we left it. Asked before a verb after which that could not be told.
    fn changed_by_others(&self) -> bool {
        let handle = {
            let state = self.file().state();
            if !state.is_dirty() || state.open {
                return false;
            }
            state.handle.clone()
        };
        let attr = handle.and_then(|handle| handle.attr().ok());
        let changed = attr.is_some_and(|attr| !self.file().state().is_own(attr.version()));
        self.file().state().foreign |= changed;
        changed
    }
}

impl Core {
    fn end_cut(&self, state: &mut State, no: FileNo, length: u64, attr: &Attr, synced: bool) {
        let freed = state.extents.cut(length);
        state.truncate = None;
        self.know(state, attr);
        (state.mtime, state.ctime) = (attr.mtime, state.ctime.max(attr.ctime));
        if synced {
            self.note(state, &Entry::Own { no, own: attr.version() });
        } else {
            // A replay is to cut again.
            state.windows += 1;
            state.open = true;
        }
        // The backing's clock may be another than that of the record before.
        self.note(state, &Entry::Data { no, offset: 0, mtime: attr.mtime });
        self.pressure.give_back(freed);
    }

    /// The backing refused.
    fn no_cut(&self, state: &mut State, no: FileNo, attr: Option<&Attr>) {
        self.note(state, &Entry::Stays { no });
        if attr.map(Attr::version) != state.own {
            self.note(state, &Entry::Window { no });
            state.windows += 1;
            state.open = true;
        }
        match attr {
            Some(attr) => state.seen = Some((*attr, self.clock.now())),
            None => state.seen = None,
        }
        self.place_again(state);
    }

    /// Whether the backing did it is not to be known now: programs see it done, and the next flush does it again, or a
    /// replay.
    fn cut_again(&self, state: &mut State, length: u64) {
        let freed = state.extents.cut(length);
        state.truncate = Some(length);
        state.windows += 1;
        state.open = true;
        let now = state.time_of_write(self.clock.wall());
        (state.mtime, state.ctime) = (now, state.ctime.max(now));
        self.pressure.give_back(freed);
    }
}
