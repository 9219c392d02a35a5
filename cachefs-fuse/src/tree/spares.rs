use std::collections::VecDeque;

use cachefs_vfs::FileId;
use parking_lot::Mutex;

use crate::handles::Slot;

/// Handles kept at most.
const SPARES_MAX: usize = 16;

/// Files that were opened in place of another one, which others had replaced. The kernel is told to look again, once, and
/// then opens the one that is here: which must not fail because that was replaced as well in between.
#[derive(Debug, Default)]
pub(super) struct Spares(Mutex<VecDeque<(FileId, Slot)>>);

impl Spares {
    /// Keeps a handle for whoever opens the file next; the oldest one goes.
    pub(super) fn put(&self, id: FileId, slot: Slot) {
        let oldest = {
            let mut spares = self.0.lock();
            spares.push_back((id, slot));
            if spares.len() > SPARES_MAX { spares.pop_front() } else { None }
        };
        // Closed without the lock.
        drop(oldest);
    }

    /// The handle of the file, if there is one.
    pub(super) fn take(&self, id: FileId) -> Option<Slot> {
        let mut spares = self.0.lock();
        let at = spares.iter().position(|(of, _)| *of == id)?;
        spares.remove(at).map(|(_, slot)| slot)
    }
}
