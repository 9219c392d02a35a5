use std::collections::VecDeque;

use cachefs_vfs::FileId;
use hashbrown::{HashMap, HashSet};

use super::DirtyFile;
use crate::sync::{Arc, AtomicBool, AtomicU64, AtomicUsize, Mutex, Ordering};

/// A power of two.
const SHARDS: usize = 16;

/// The dirty files, and some that are not.
#[derive(Debug, Default)]
pub(crate) struct Table {
    shards: [Mutex<HashMap<FileId, Arc<DirtyFile>>>; SHARDS],
    /// Files in it.
    entries: AtomicUsize,
    /// Dirty ones among them, and how many these are.
    dirty_files: [Mutex<HashMap<FileId, Arc<DirtyFile>>>; SHARDS],
    dirty: AtomicUsize,
    /// Dirty ones with several names, or of unknown place.
    elsewhere: AtomicUsize,
    /// Those that became clean, the longest ago first; some of them may be dirty again.
    lately: Mutex<VecDeque<FileId>>,
    /// So many of these at most.
    lately_max: usize,
    /// Those that nobody may need, and that somebody had as they were to be forgotten.
    stragglers: Mutex<HashSet<FileId>>,
    straggling: AtomicBool,
    /// The last move of any that was forgotten.
    forgotten: AtomicU64,
}

impl Table {
    /// Empty. Of those that became clean it has `lately_max` remembered.
    pub(crate) fn new(lately_max: usize) -> Self {
        Self { lately_max, ..Self::default() }
    }

    /// Whether there is no file in it at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.load(Ordering::Acquire) == 0
    }

    /// The file, if it is dirty, was so lately, or if its turn is somebody's.
    pub(crate) fn get(&self, id: FileId) -> Option<Arc<DirtyFile>> {
        if self.is_empty() {
            return None;
        }
        self.shard(id).lock().get(&id).cloned()
    }

    /// The file, put in if need be.
    pub(crate) fn enter(&self, id: FileId) -> Arc<DirtyFile> {
        let mut shard = self.shard(id).lock();
        let file = shard.entry(id).or_insert_with(|| {
            self.entries.fetch_add(1, Ordering::AcqRel);
            Arc::new(DirtyFile::new(id))
        });
        Arc::clone(file)
    }

    /// Files that are dirty.
    pub(crate) fn dirty(&self) -> usize {
        self.dirty.load(Ordering::Acquire)
    }

    /// Whether a dirty file may be found by a name that is not known to be its.
    pub(crate) fn may_be_dirty_elsewhere(&self) -> bool {
        self.elsewhere.load(Ordering::Acquire) > 0
    }

    /// All dirty files.
    pub(crate) fn all_dirty(&self) -> Vec<Arc<DirtyFile>> {
        if self.dirty() == 0 {
            return Vec::new();
        }
        self.dirty_files.iter().flat_map(|shard| shard.lock().values().cloned().collect::<Vec<_>>()).collect()
    }

    /// All files in it.
    pub(crate) fn all(&self) -> Vec<Arc<DirtyFile>> {
        if self.is_empty() {
            return Vec::new();
        }
        self.shards.iter().flat_map(|shard| shard.lock().values().cloned().collect::<Vec<_>>()).collect()
    }

    /// One more is dirty, unless there are `max` already: `None` then, else how many there were before.
    pub(crate) fn became_dirty(&self, file: &Arc<DirtyFile>, max: usize) -> Option<usize> {
        let one_more = |dirty| (dirty < max).then_some(dirty + 1);
        let before = self.dirty.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more).ok()?;
        self.dirty_files[index(file.id())].lock().insert(file.id(), Arc::clone(file));
        Some(before)
    }

    /// One is not, any more or after all.
    pub(crate) fn not_dirty(&self, id: FileId) {
        self.dirty_files[index(id)].lock().remove(&id);
        self.dirty.fetch_sub(1, Ordering::AcqRel);
    }

    /// One is clean.
    pub(crate) fn became_clean(&self, id: FileId, elsewhere: bool) {
        self.not_dirty(id);
        self.elsewhere.fetch_sub(usize::from(elsewhere), Ordering::AcqRel);
    }

    /// One that is clean is not forgotten for a while. Answers which may be for it.
    pub(crate) fn remember(&self, id: FileId) -> Vec<FileId> {
        let mut lately = self.lately.lock();
        lately.push_back(id);
        let over = lately.len().saturating_sub(self.lately_max);
        lately.drain(..over).collect()
    }

    /// One that is clean could not be forgotten yet.
    pub(crate) fn remember_again(&self, id: FileId) {
        self.lately.lock().push_back(id);
    }

    /// Whether there are far more than should be that could not be forgotten.
    pub(crate) fn is_crowded(&self) -> bool {
        self.lately.lock().len() > self.lately_max.saturating_mul(2)
    }

    /// Another dirty file may, or may no more, be found by another name.
    pub(crate) fn moved_elsewhere(&self, was: bool, is: bool) {
        self.elsewhere.fetch_add(usize::from(is), Ordering::AcqRel);
        self.elsewhere.fetch_sub(usize::from(was), Ordering::AcqRel);
    }

    /// Takes out a file if nobody else has it, and `may` says so. Returns whether it did.
    pub(crate) fn forget(&self, file: &Arc<DirtyFile>, may: impl FnOnce(&super::State) -> bool) -> bool {
        let mut shard = self.shard(file.id()).lock();
        let known = shard.get(&file.id()).is_some_and(|known| Arc::ptr_eq(known, file));
        // One count is the table's, one the caller's; new ones come only from this shard.
        if !known || Arc::strong_count(file) > 2 {
            return false;
        }
        let moved = {
            let state = file.state();
            may(&state).then_some(state.moved)
        };
        let Some(moved) = moved else { return false };
        self.forgotten.fetch_max(moved, Ordering::AcqRel);
        shard.remove(&file.id());
        self.entries.fetch_sub(1, Ordering::AcqRel);
        true
    }

    /// Forgets a file that is idle; when whoever else has it is done, if somebody has.
    pub(crate) fn tidy(&self, file: &Arc<DirtyFile>) {
        let idle = super::State::is_idle;
        if idle(&file.state()) && !self.forget(file, idle) {
            self.stragglers.lock().insert(file.id());
            self.straggling.store(true, Ordering::Release);
        }
        self.sweep();
    }

    /// Those who let go of a file at once leave it to the next one who lets go of any.
    fn sweep(&self) {
        if !self.straggling.load(Ordering::Acquire) {
            return;
        }
        let stragglers = {
            let mut stragglers = self.stragglers.lock();
            self.straggling.store(false, Ordering::Release);
            std::mem::take(&mut *stragglers)
        };
        for file in stragglers.into_iter().filter_map(|id| self.get(id)) {
            let idle = super::State::is_idle;
            if idle(&file.state()) && !self.forget(&file, idle) {
                self.stragglers.lock().insert(file.id());
                self.straggling.store(true, Ordering::Release);
            }
        }
    }

    /// The last move of any file that is not in the table any more.
    pub(crate) fn forgotten(&self) -> u64 {
        self.forgotten.load(Ordering::Acquire)
    }

    fn shard(&self, id: FileId) -> &Mutex<HashMap<FileId, Arc<DirtyFile>>> {
        &self.shards[index(id)]
    }
}

/// The shard of a file: inode numbers are handed out one after the other, so their low bits spread well.
fn index(id: FileId) -> usize {
    usize::try_from(id.inode % SHARDS as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_let_go_of_at_once_is_forgotten_by_the_next() {
        let table = Table::new(8);
        let id = |inode| FileId { device: 1, inode, generation: 0 };
        let (one, other) = (table.enter(id(1)), table.enter(id(1)));
        table.tidy(&one);
        table.tidy(&other);
        drop((one, other));
        let next = table.enter(id(2));
        table.tidy(&next);
        assert!(table.is_empty());
    }
}
