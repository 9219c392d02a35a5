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
/// Threads that one is kept for at most.
const WALKERS_MAX: usize = 64;

/// Files that were met in the place of another one, which others had replaced. The kernel is told to look again, once, and
/// then opens the one that is here: which must not fail because that was replaced as well in between.
#[derive(Debug)]
pub(crate) struct Spares(Mutex<LruCache<FileId, Spare>>);

#[derive(Debug)]
struct Spare {
    slot: Slot,
    since: Instant,
    /// The threads that met it, the latest last.
    walkers: Vec<u32>,
}

impl Spares {
    /// So many of the handles there may be.
    pub(crate) fn share(config: &MountConfig) -> usize {
        (config.handles_max / 8).clamp(1, SPARES_MAX)
    }

    pub(crate) fn new(most: usize) -> Self {
        Self(Mutex::new(LruCache::new(NonZeroUsize::new(most).unwrap_or(NonZeroUsize::MIN))))
    }

    /// Keeps a handle for a thread that met the file; the one not asked for the longest goes.
    pub(super) fn put(&self, id: FileId, walker: u32, slot: Slot, now: Instant) {
        let superfluous = {
            let mut spares = self.0.lock();
            let mut walkers =
                spares.peek_mut(&id).map(|spare| std::mem::take(&mut spare.walkers)).unwrap_or_default();
            walkers.retain(|&other| other != walker);
            if walkers.len() == WALKERS_MAX {
                walkers.remove(0);
            }
            walkers.push(walker);
            spares.push(id, Spare { slot, since: now, walkers })
        };
        // Closed without the lock.
        drop(superfluous);
    }

    /// The handle of the file, if the thread met it. It stays: the request may be tried again, and others may have been
    /// told to look again, too.
    pub(super) fn get(&self, id: FileId, walker: u32) -> Option<Slot> {
        let mut spares = self.0.lock();
        spares.get(&id).filter(|spare| spare.walkers.contains(&walker)).map(|spare| spare.slot.clone())
    }

    /// The walk of the thread is over: what was kept for nobody else goes.
    pub(super) fn leave(&self, walker: u32) {
        let mut spares = self.0.lock();
        let mut left = Vec::new();
        for (id, spare) in spares.iter_mut() {
            spare.walkers.retain(|&other| other != walker);
            if spare.walkers.is_empty() {
                left.push(*id);
            }
        }
        let superfluous: Vec<Spare> = left.iter().filter_map(|id| spares.pop(id)).collect();
        drop(spares);
        // Closed without the lock.
        drop(superfluous);
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
    /// A handle of a file that was kept for the thread that asks, which was told to look again.
    pub(super) fn spare(&self, node: NodeId) -> Option<Arc<dyn VFile>> {
        let walker = self.walker_again()?;
        self.spares.get(self.inodes.identity(node)?, walker).and_then(|slot| slot.any())
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
        spares.put(id(1), 7, Slot::default(), start);
        spares.put(id(2), 7, Slot::default(), start + AGE_MAX / 2);
        assert!(spares.get(id(1), 7).is_some() && spares.get(id(1), 7).is_some());
        spares.put(id(3), 7, Slot::default(), start + AGE_MAX / 2);
        assert!(spares.get(id(2), 7).is_none(), "there is room for two");
        assert!(spares.outdated(start + AGE_MAX / 2).is_empty());
        assert_eq!(spares.outdated(start + AGE_MAX).len(), 1);
        assert!(spares.get(id(1), 7).is_none() && spares.get(id(3), 7).is_some());
    }

    #[test]
    fn each_is_for_those_who_met_it() {
        let (spares, now) = (Spares::new(2), Instant::now());
        spares.put(id(1), 0, Slot::default(), now);
        assert!(spares.get(id(1), 0).is_some() && spares.get(id(1), 99).is_none());
        (1..=64).for_each(|walker| spares.put(id(1), walker, Slot::default(), now));
        assert!(spares.get(id(1), 0).is_none(), "so many and no more");
        assert!(spares.get(id(1), 1).is_some() && spares.get(id(1), 64).is_some());
        (1..64).for_each(|walker| spares.leave(walker));
        assert!(spares.get(id(1), 64).is_some() && spares.len() == 1);
        spares.leave(64);
        assert_eq!(spares.len(), 0);
    }

    #[test]
    fn they_are_a_part_of_the_handles() {
        let share = |handles_max| Spares::share(&MountConfig { handles_max, ..MountConfig::default() });
        assert_eq!([share(2), share(64), share(1 << 20)], [1, 8, SPARES_MAX]);
    }
}
