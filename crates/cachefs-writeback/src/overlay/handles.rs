use std::collections::HashMap;

use cachefs_vfs::FileId;

use crate::sync::{Arc, Mutex};

/// A power of two.
const SHARDS: usize = 16;

/// How many handles of ours each regular file has: an unlinked file ends with the last one.
#[derive(Debug, Default)]
pub(crate) struct Handles {
    shards: [Mutex<HashMap<FileId, usize>>; SHARDS],
}

/// One handle, until it is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    id: FileId,
    handles: Arc<Handles>,
}

impl Handles {
    /// One more.
    pub(crate) fn hold(self: &Arc<Self>, id: FileId) -> Held {
        *self.shard(id).lock().entry(id).or_insert(0) += 1;
        Held { id, handles: Arc::clone(self) }
    }

    /// Whether there is any of this file.
    pub(crate) fn any(&self, id: FileId) -> bool {
        self.shard(id).lock().contains_key(&id)
    }

    fn shard(&self, id: FileId) -> &Mutex<HashMap<FileId, usize>> {
        // Inode numbers are handed out one after the other: their low bits spread well.
        let index = usize::try_from(id.inode % SHARDS as u64).unwrap_or(0);
        &self.shards[index]
    }
}

impl Held {
    /// Whether it is the only one.
    pub(crate) fn is_last(&self) -> bool {
        self.handles.shard(self.id).lock().get(&self.id) == Some(&1)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut shard = self.handles.shard(self.id).lock();
        match shard.get_mut(&self.id) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(shard.remove(&self.id)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_counted_by_file() {
        let handles = Arc::new(Handles::default());
        let id = |inode| FileId { device: 1, inode, generation: 0 };
        let (one, two) = (handles.hold(id(1)), handles.hold(id(1)));
        let other = handles.hold(id(17));
        assert!(!one.is_last() && other.is_last());
        drop(one);
        assert!(two.is_last() && handles.any(id(1)));
        drop((two, other));
        assert!(!handles.any(id(1)) && !handles.any(id(17)));
    }
}
