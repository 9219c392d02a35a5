use hashbrown::HashMap;
use rustix::io::Errno;

use crate::{FileId, Result};

/// Which watch is of which inode.
#[derive(Debug, Default)]
pub(super) struct Table {
    by_watch: HashMap<i32, FileId>,
    by_number: HashMap<(u64, u64), (i32, FileId)>,
}

/// The most watches. The system has a limit of its own, which root may have raised beyond reason.
const WATCHES_MAX: usize = 1 << 20;

impl Table {
    pub(super) fn covers(&self, id: FileId) -> bool {
        let found = self.by_number.get(&(id.device, id.inode));
        found.is_some_and(|(_, watched)| id.generation == 0 || watched.generation == id.generation)
    }

    pub(super) fn len(&self) -> u64 {
        self.by_watch.len() as u64
    }

    /// # Errors
    /// `ENOSPC` beyond the limit.
    pub(super) fn check_room(&self) -> Result<()> {
        if self.by_watch.len() < WATCHES_MAX { Ok(()) } else { Err(Errno::NOSPC.into()) }
    }

    pub(super) fn insert(&mut self, watch: i32, id: FileId) {
        self.by_watch.insert(watch, id);
        self.by_number.insert((id.device, id.inode), (watch, id));
    }

    pub(super) fn find(&self, watch: i32) -> Option<FileId> {
        self.by_watch.get(&watch).copied()
    }

    pub(super) fn watches(&self) -> Vec<i32> {
        self.by_watch.keys().copied().collect()
    }

    /// Nobody knows any more whether those without a generation are what their numbers stand for. What happens to them
    /// is still understood.
    pub(super) fn uncover_nameless(&mut self) {
        self.by_number.retain(|_, (_, id)| id.generation != 0);
    }

    /// Forgets a watch that ended.
    pub(super) fn remove(&mut self, watch: i32) -> Option<FileId> {
        let id = self.by_watch.remove(&watch)?;
        let number = (id.device, id.inode);
        // Another inode may have the number by now, and a watch of its own.
        if self.by_number.get(&number).is_some_and(|(now, _)| *now == watch) {
            self.by_number.remove(&number);
        }
        Some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_watch_leaves_the_next_one_of_the_number_alone() {
        let id = |generation| FileId { device: 1, inode: 2, generation };
        let mut table = Table::default();
        table.insert(1, id(7));
        assert!(table.covers(id(7)) && table.covers(id(0)) && !table.covers(id(8)));
        table.insert(2, id(8));
        assert_eq!(table.remove(1), Some(id(7)));
        assert!(table.covers(id(8)));
        assert_eq!((table.find(2), table.find(1), table.len()), (Some(id(8)), None, 1));
        assert_eq!(table.remove(2), Some(id(8)));
        assert!(!table.covers(id(8)));
    }

    #[test]
    fn what_may_have_ended_is_not_covered_and_still_understood() {
        let [known, any] = [7, 0].map(|generation| FileId { device: 1, inode: 2 + generation, generation });
        let mut table = Table::default();
        table.insert(1, known);
        table.insert(2, any);
        table.uncover_nameless();
        assert!(table.covers(known) && !table.covers(any));
        assert_eq!((table.find(2), table.len()), (Some(any), 2));
        table.insert(2, any);
        assert!(table.covers(any), "once it is watched anew");
    }
}
