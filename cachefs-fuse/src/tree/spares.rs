use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cachefs_vfs::{Errno, Error, FileId, Result, VFile};
use lru::LruCache;
use parking_lot::Mutex;

use super::Tree;
use crate::MountConfig;
use crate::handles::Slot;
use crate::inodes::NodeId;

/// Handles kept at most, however many there may be.
const SPARES_MAX: usize = 256;
/// How long one is kept: a file that others remove keeps its space until then.
const AGE_MAX: Duration = Duration::from_secs(10);

/// Files that were met in the place of another one, which others had replaced. The kernel is told to look again, once, and
/// then opens the one that is here: which must not fail because that was replaced as well in between.
#[derive(Debug)]
pub(crate) struct Spares(Mutex<LruCache<FileId, Spare>>);

#[derive(Debug)]
struct Spare {
    slot: Slot,
    since: Instant,
}

impl Spares {
    /// So many of the handles there may be.
    pub(crate) fn share(config: &MountConfig) -> usize {
        (config.handles_max / 8).clamp(1, SPARES_MAX)
    }

    pub(crate) fn new(most: usize) -> Self {
        Self(Mutex::new(LruCache::new(NonZeroUsize::new(most).unwrap_or(NonZeroUsize::MIN))))
    }

    /// Keeps a handle for whoever comes to the file next; the one not asked for the longest goes.
    pub(super) fn put(&self, id: FileId, slot: Slot, now: Instant) {
        let superfluous = self.0.lock().push(id, Spare { slot, since: now });
        // Closed without the lock.
        drop(superfluous);
    }

    /// The handle of the file, if there is one. It stays: the request may be tried again, and others may have been
    /// told to look again, too.
    pub(super) fn get(&self, id: FileId) -> Option<Slot> {
        self.0.lock().get(&id).map(|spare| spare.slot.clone())
    }

    /// Takes out those whose time is over, to be closed, which may take as long as the filesystem takes.
    pub(crate) fn outdated(&self, now: Instant) -> Vec<Slot> {
        let mut spares = self.0.lock();
        let is_old = |spare: &Spare| now.saturating_duration_since(spare.since) >= AGE_MAX;
        let old: Vec<FileId> = spares.iter().filter(|(_, spare)| is_old(spare)).map(|(id, _)| *id).collect();
        old.iter().filter_map(|id| spares.pop(id)).map(|spare| spare.slot).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().len()
    }
}

impl Tree {
    /// A handle of a file that was kept for who was told to look again.
    pub(super) fn spare(&self, node: NodeId) -> Option<Arc<dyn VFile>> {
        self.inodes.identity(node).and_then(|id| self.spares.get(id)).and_then(|slot| slot.any())
    }

    /// What the verb answers by such a handle, if it is good for that.
    pub(super) fn by_spare<T>(
        &self,
        node: NodeId,
        verb: impl FnOnce(&dyn VFile) -> Result<T>,
    ) -> Option<Result<T>> {
        let answer = verb(&*self.spare(node)?);
        let lost = |error: &Error| matches!(error.errno(), Errno::STALE | Errno::OPNOTSUPP);
        (!answer.as_ref().is_err_and(lost)).then_some(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(inode: u64) -> FileId {
        FileId { device: 1, inode, generation: 0 }
    }

    #[test]
    fn the_one_asked_for_least_goes_and_each_in_time() {
        let (spares, start) = (Spares::new(2), Instant::now());
        spares.put(id(1), Slot::default(), start);
        spares.put(id(2), Slot::default(), start + AGE_MAX / 2);
        assert!(spares.get(id(1)).is_some() && spares.get(id(1)).is_some());
        spares.put(id(3), Slot::default(), start + AGE_MAX / 2);
        assert!(spares.get(id(2)).is_none(), "there is room for two");
        assert!(spares.outdated(start + AGE_MAX / 2).is_empty());
        assert_eq!(spares.outdated(start + AGE_MAX).len(), 1);
        assert!(spares.get(id(1)).is_none() && spares.get(id(3)).is_some());
    }

    #[test]
    fn they_are_a_part_of_the_handles() {
        let share = |handles_max| Spares::share(&MountConfig { handles_max, ..MountConfig::default() });
        assert_eq!([share(2), share(64), share(1 << 20)], [1, 8, SPARES_MAX]);
    }
}
