use std::collections::HashMap;

use cachefs_vfs::FileId;

use crate::sync::{Arc, AtomicUsize, Mutex, Ordering};

/// A power of two.
const SHARDS: usize = 16;

/// How many handles of ours each regular file has: an unlinked file ends with the last one.
#[derive(Debug, Default)]
pub(crate) struct Handles {
    shards: [Mutex<HashMap<FileId, Count>>; SHARDS],
    /// Files of these with several names.
    linked: AtomicUsize,
    openings: AtomicUsize,
}

#[derive(Debug, Default)]
struct Count {
    handles: usize,
    linked: bool,
}

/// One handle, until it is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    id: FileId,
    handles: Arc<Handles>,
    released: bool,
}

impl Handles {
    /// One more, of a file with that many names.
    pub(crate) fn hold(self: &Arc<Self>, id: FileId, links: u32) -> Held {
        let mut shard = self.shard(id).lock();
        let count = shard.entry(id).or_default();
        count.handles += 1;
        if links > 1 {
            self.mark(count);
        }
        Held { id, handles: Arc::clone(self), released: false }
    }

    /// A file is about to get another name.
    pub(crate) fn linked(&self, id: FileId) {
        if let Some(count) = self.shard(id).lock().get_mut(&id) {
            self.mark(count);
        }
    }

    /// Whether any file is open that may have several names.
    pub(crate) fn any_linked(&self) -> bool {
        self.linked.load(Ordering::SeqCst) > 0
    }

    fn mark(&self, count: &mut Count) {
        if !std::mem::replace(&mut count.linked, true) {
            self.linked.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// To be kept from before the backing opens a file until [`Self::hold`] was called for it.
    pub(crate) fn opening(&self) -> Opening<'_> {
        self.openings.fetch_add(1, Ordering::SeqCst);
        Opening(self)
    }

    /// Whether there may be any of this file, or one about to be.
    pub(crate) fn any(&self, id: FileId) -> bool {
        self.openings.load(Ordering::SeqCst) > 0 || self.shard(id).lock().contains_key(&id)
    }

    fn shard(&self, id: FileId) -> &Mutex<HashMap<FileId, Count>> {
        // Inode numbers are handed out one after the other: their low bits spread well.
        let index = usize::try_from(id.inode % SHARDS as u64).unwrap_or(0);
        &self.shards[index]
    }
}

impl Held {
    /// Lets go of it. Answers whether it was the last one.
    pub(crate) fn release(&mut self) -> bool {
        if std::mem::replace(&mut self.released, true) {
            return false;
        }
        let mut shard = self.handles.shard(self.id).lock();
        match shard.get_mut(&self.id) {
            Some(count) if count.handles > 1 => {
                count.handles -= 1;
                false
            }
            _ => {
                let count = shard.remove(&self.id);
                let linked = count.as_ref().is_some_and(|count| count.linked);
                self.handles.linked.fetch_sub(usize::from(linked), Ordering::SeqCst);
                count.is_some()
            }
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.release();
    }
}

/// An opening under way: somebody may be about to hold a file that nobody seems to.
#[derive(Debug)]
pub(crate) struct Opening<'a>(&'a Handles);

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        self.0.openings.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_counted_by_file() {
        let handles = Arc::new(Handles::default());
        let id = |inode| FileId { device: 1, inode, generation: 0 };
        let (mut one, mut two) = (handles.hold(id(1), 1), handles.hold(id(1), 1));
        let mut other = handles.hold(id(17), 2);
        assert!(!one.release() && !one.release() && handles.any(id(1)));
        assert!(two.release() && !two.release() && !handles.any(id(1)));
        assert!(handles.any(id(17)) && handles.any_linked() && other.release());
        assert!(!handles.any(id(17)) && !handles.any_linked());
        let opening = handles.opening();
        assert!(handles.any(id(1)), "somebody is about to");
        drop(opening);
        assert!(!handles.any(id(1)));
    }
}
