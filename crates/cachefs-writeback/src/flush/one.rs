use std::path::PathBuf;

use cachefs_vfs::clock::Moment;
use cachefs_vfs::{Attr, Errno, Result, SetAttr, SetTime, SyncHow, VFile};

use super::hanging::UnderWay;
use crate::core::{Core, SoFar, Stats, Turn};
use crate::dirty::{DirtyFile, State};
use crate::extent::Weight;
use crate::journal::{Entry, FileNo, Seq};

/// Bytes in one flush, about: so that others get their turn, and a file that grows for ever is flushed all the same.
const FLUSH_MAX: u64 = 64 << 20;

/// Not found so often, one after the other, a file is gone: once may be a rename that goes on just now.
const MISSES_MAX: u32 = 2;

/// Extents in one flush, about: where they lie apart, each is a write to the backing.
const EXTENTS_MAX: u64 = 16 << 10;

/// What one flush is to do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) no: FileNo,
    /// It takes what was written up to this record.
    upto: Seq,
    truncate: Option<u64>,
    /// When it was made, if it takes all there was.
    all_of: Option<Moment>,
}

/// What the backing's file is to a file that is dirty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// As we left it.
    Ours,
    /// Somebody else changed it.
    Changed,
    /// Somebody else removed it.
    Gone,
}

impl Turn<'_> {
    /// Flushes the file until it is clean. Whoever writes to it then waits for the end of this turn.
    ///
    /// # Errors
    /// Those of the flush; writers go on then.
    pub(crate) fn flush_and_hold(&self) -> Result<()> {
        self.file().state().held = true;
        while self.is_dirty() {
            if let Err(error) = self.flush() {
                self.file().state().held = false;
                return Err(error);
            }
        }
        self.file().state().held = true;
        Ok(())
    }

    /// Flushes the file once: some of what is dirty, the oldest first.
    ///
    /// # Errors
    /// Those of the backing. What is dirty stays so, and is tried again.
    pub(crate) fn flush(&self) -> Result<()> {
        let _under_way = UnderWay::of(self.file(), self.core().clock.now());
        self.sync_before_clean()?;
        let Some(plan) = self.plan() else { return Ok(()) };
        let core = self.core();
        let bytes = core.flush_planned(self, plan).map_err(|error| core.failed(self.file(), error))?;
        Stats::add(&core.stats.flushes, 1);
        Stats::add(&core.stats.flushed_bytes, bytes);
        Ok(())
    }

    /// With nothing left to write, it is about to lose its handle: the last by which to find it, perhaps.
    fn sync_before_clean(&self) -> Result<()> {
        let handle = {
            let state = self.file().state();
            let ends = state.extents.is_empty() && state.truncate.is_none() && state.has_unsynced_bytes();
            state.handle.clone().filter(|_| ends && self.core().is_astray(&state))
        };
        handle.map_or(Ok(()), |handle| self.core().sync_backing(self.file(), Some(&handle)))
    }

    /// `None` if there is nothing to write; the file is clean then.
    fn plan(&self) -> Option<Plan> {
        let mut state = self.file().state();
        let no = state.no?;
        if state.extents.is_empty() && state.truncate.is_none() {
            let leftover = self.core().become_clean(self.file(), &mut state);
            drop(state);
            self.core().finish(leftover);
            return None;
        }
        let upto = state.extents.upto(Weight { bytes: FLUSH_MAX, extents: EXTENTS_MAX }).unwrap_or_default();
        let all = state.extents.newest().is_none_or(|newest| newest <= upto);
        let all_of = all.then(|| self.core().clock.now());
        Some(Plan { no, upto, truncate: state.truncate, all_of })
    }
}

impl Core {
    fn flush_planned(&self, turn: &Turn<'_>, plan: Plan) -> Result<u64> {
        self.check_stopped()?;
        let file = turn.file();
        let handle = match self.handle_of(file) {
            Err(error) if error.is_not_found() => {
                let misses = {
                    let mut state = file.state();
                    state.misses += 1;
                    state.misses
                };
                if misses <= MISSES_MAX {
                    return Err(error);
                }
                return self.keep_beside(turn, plan.no, None);
            }
            handle => handle?,
        };
        file.state().misses = 0;
        let attr = handle.attr()?;
        let verdict = verdict(&file.state(), &attr);
        match verdict {
            Verdict::Ours => {}
            Verdict::Changed | Verdict::Gone => {
                return self.keep_beside(turn, plan.no, Some((handle, attr)));
            }
        }
        self.begin_flush(file, plan, attr);
        // Before the backing changes, a replay must know that this may be our doing, and have the bytes.
        self.commit_noted(file);
        let (pace, so_far) = (self.pressure.flushing(), SoFar::of(&self.stats));
        if let Some(length) = plan.truncate {
            self.check_stopped()?;
            handle.set_len(length, cachefs_vfs::Privileges::Keep)?;
        }
        let bytes = self.write_out(file, &*handle, plan.upto, &pace, &so_far)?;
        drop(pace);
        let attr = self.set_mtime(file, &*handle)?;
        self.end_flush(file, &*handle, plan, &attr)?;
        Ok(bytes)
    }

    fn begin_flush(&self, file: &DirtyFile, plan: Plan, attr: Attr) {
        let mut state = file.state();
        state.flushing = true;
        state.touch_bytes();
        let own = attr.version();
        self.note(&mut state, &Entry::FlushBegin { no: plan.no, upto: plan.upto, own });
    }

    /// Gives the backing's file the time that programs see. Answers its attributes after that.
    fn set_mtime(&self, file: &DirtyFile, handle: &dyn VFile) -> Result<Attr> {
        self.check_stopped()?;
        let mtime = file.state().mtime;
        let set = SetAttr { mtime: Some(SetTime::To(mtime)), ..SetAttr::default() };
        match handle.set_attr(&set) {
            // Who may write may not always set times: then it keeps the time of the flush, shown only once forgotten.
            Err(error) if matches!(error.errno(), Errno::PERM | Errno::ACCESS | Errno::OPNOTSUPP) => {
                handle.attr()
            }
            answer => answer,
        }
    }

    fn end_flush(&self, file: &DirtyFile, handle: &dyn VFile, plan: Plan, attr: &Attr) -> Result<()> {
        let path = file.path();
        let mut state = file.state();
        state.touch_backing();
        // What was promised leaves the journal only when the backing keeps the promise.
        while state.is_unsynced() && (self.is_promised(&state) || self.is_astray(&state)) {
            let changed = state.wrote;
            drop(state);
            handle.sync(SyncHow::All)?;
            state = file.state();
            state.synced = state.synced.max(changed);
        }
        state.flushing = false;
        let freed = state.extents.remove_upto(plan.upto);
        state.truncate = None;
        self.know(&mut state, attr);
        self.close_flush(&mut state, plan, attr);
        let leftover = if state.extents.is_empty() {
            Some(self.become_clean(file, &mut state))
        } else {
            self.anchor_again(file, &mut state, plan.no, path);
            None
        };
        drop(state);
        self.pressure.give_back(freed);
        if let Some(leftover) = leftover {
            self.finish(leftover);
        }
        Ok(())
    }

    /// The file is told of anew, so that what the journal has of it from before can go.
    fn anchor_again(&self, file: &DirtyFile, state: &mut State, no: FileNo, path: PathBuf) {
        let Some(own) = state.own else { return };
        let entry = Entry::File { no, id: file.id(), path, own };
        if let Some(record) = self.note(state, &entry) {
            state.anchor = Some(record);
        }
    }

    fn close_flush(&self, state: &mut State, plan: Plan, attr: &Attr) {
        let (no, own) = (plan.no, attr.version());
        self.note(state, &Entry::FlushEnd { no, upto: plan.upto, own });
        for _ in 0..std::mem::take(&mut state.windows) {
            self.note(state, &Entry::Own { no, own });
        }
        state.open = false;
        state.recovered();
        // What is left was written since, unless this took only a part.
        state.first = plan.all_of.unwrap_or(state.first);
    }
}

fn verdict(state: &State, attr: &Attr) -> Verdict {
    if attr.links == 0 && !state.unlinked {
        return Verdict::Gone;
    }
    let changed = state.foreign || (!state.open && !state.is_own(attr.version()));
    if changed { Verdict::Changed } else { Verdict::Ours }
}
