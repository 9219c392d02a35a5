use std::collections::HashMap;

use cachefs_vfs::FileId;
use parking_lot::Mutex;

/// Who has which inode open, and what was said about it by hand.
#[derive(Debug, Default)]
pub(super) struct Handles {
    open: Mutex<HashMap<FileId, Open>>,
    said: Mutex<HashMap<FileId, bool>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Open {
    handles: usize,
    writers: usize,
    /// It lost its last name: gone with the last handle.
    nameless: bool,
}

impl Handles {
    pub(super) fn opened(&self, id: FileId, writes: bool) {
        let mut open = self.open.lock();
        let entry = open.entry(id).or_default();
        entry.handles += 1;
        entry.writers += usize::from(writes);
    }

    /// Whether the inode is gone with this handle.
    pub(super) fn closed(&self, id: FileId, writes: bool) -> bool {
        let mut open = self.open.lock();
        let Some(entry) = open.get_mut(&id) else { return false };
        entry.handles -= 1;
        entry.writers -= usize::from(writes);
        if entry.handles > 0 {
            return false;
        }
        open.remove(&id).is_some_and(|entry| entry.nameless)
    }

    /// The last name was removed. Whether the inode is gone at once.
    pub(super) fn lost_last_name(&self, id: FileId) -> bool {
        match self.open.lock().get_mut(&id) {
            Some(entry) => {
                entry.nameless = true;
                false
            }
            None => true,
        }
    }

    pub(super) fn has_writer(&self, id: FileId) -> bool {
        let said = self.said.lock().get(&id).copied();
        said.unwrap_or_else(|| self.open.lock().get(&id).is_some_and(|entry| entry.writers > 0))
    }

    pub(super) fn say(&self, id: FileId, writer: bool) {
        self.said.lock().insert(id, writer);
    }
}
