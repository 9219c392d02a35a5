use std::time::Duration;

use cachefs_vfs::{Result, nowait};

use crate::sync::{Condvar, Mutex};

/// Tells who looks for an inode at its place whether a rename of ours may have moved it away meanwhile.
#[derive(Debug, Default)]
pub(crate) struct Renames {
    state: Mutex<RenameState>,
    over: Condvar,
}

#[derive(Debug, Default)]
struct RenameState {
    under_way: u32,
    ended: u64,
}

/// Longest wait for a rename under way: one that takes longer hangs, and hurts only itself.
const WAIT_MAX: Duration = Duration::from_millis(500);

impl Renames {
    /// A rename begins; it is over, with all places noted, when the answer is dropped.
    pub(crate) fn begin(&self) -> Renaming<'_> {
        self.state.lock().under_way += 1;
        Renaming(self)
    }

    /// To be taken before looking.
    pub(crate) fn seen(&self) -> u64 {
        self.state.lock().ended
    }

    /// Whether looking again may help: a rename ended since `seen`, or one under way ends while we wait for it.
    ///
    /// # Errors
    /// `EWOULDBLOCK` rather than wait, where the caller must not.
    pub(crate) fn moved_since(&self, seen: u64) -> Result<bool> {
        let mut state = self.state.lock();
        if state.ended == seen && state.under_way > 0 {
            nowait::check()?;
            self.over.wait_for(&mut state, WAIT_MAX);
        }
        Ok(state.ended != seen)
    }
}

/// A rename under way.
#[derive(Debug)]
pub(crate) struct Renaming<'a>(&'a Renames);

impl Drop for Renaming<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        state.under_way -= 1;
        state.ended += 1;
        drop(state);
        self.0.over.notify_all();
    }
}
