use hashbrown::HashMap;
use parking_lot::RwLock;
use rustix::io::Errno;

use crate::{FileId, Result};

/// Inodes that are marked one by one.
#[derive(Debug, Default)]
pub(super) struct Watched {
    inodes: RwLock<Inodes>,
}

#[derive(Debug, Default)]
struct Inodes {
    by_number: HashMap<(u64, u64), Marked>,
    /// By what their filesystem calls them.
    by_handle: HashMap<Box<[u8]>, FileId>,
}

#[derive(Debug)]
struct Marked {
    id: FileId,
    handle: Box<[u8]>,
    /// Whether the mark is set: it is known before.
    covered: bool,
}

/// The most inodes. The system has a limit of its own, but not for root.
const INODES_MAX: usize = 1 << 20;

impl Watched {
    pub(super) fn covers(&self, id: FileId) -> bool {
        self.inodes
            .read()
            .by_number
            .get(&number(id))
            .is_some_and(|marked| marked.covered && is(marked.id, id))
    }

    pub(super) fn covered(&self) -> u64 {
        self.inodes.read().by_number.len() as u64
    }

    /// The inode of this handle on `device`.
    pub(super) fn find(&self, device: u64, handle: &[u8]) -> Option<FileId> {
        self.inodes.read().by_handle.get(handle).copied().filter(|id| id.device == device)
    }

    /// Learns what an inode is called, so that no event comes that nobody understands.
    ///
    /// # Errors
    /// `ENOSPC` beyond the limit.
    pub(super) fn learn(&self, id: FileId, handle: &[u8]) -> Result<()> {
        let mut inodes = self.inodes.write();
        let inodes = &mut *inodes;
        match inodes.by_number.get(&number(id)) {
            Some(marked) if marked.id == id && *marked.handle == *handle => return Ok(()),
            None if inodes.by_number.len() >= INODES_MAX => return Err(Errno::NOSPC.into()),
            _ => {}
        }
        let marked = Marked { id, handle: handle.into(), covered: false };
        if let Some(old) = inodes.by_number.insert(number(id), marked) {
            inodes.by_handle.remove(&old.handle);
        }
        inodes.by_handle.insert(handle.into(), id);
        Ok(())
    }

    pub(super) fn set_covered(&self, id: FileId) {
        if let Some(marked) = self.inodes.write().by_number.get_mut(&number(id)) {
            marked.covered |= marked.id == id;
        }
    }

    /// Forgets an inode that is gone; answers whether it was known.
    pub(super) fn forget(&self, id: FileId) -> bool {
        self.remove(id, |_| true)
    }

    /// Forgets an inode that could not be marked, unless somebody else could.
    pub(super) fn give_up(&self, id: FileId) {
        self.remove(id, |marked| !marked.covered);
    }

    fn remove(&self, id: FileId, which: impl Fn(&Marked) -> bool) -> bool {
        let mut inodes = self.inodes.write();
        let inodes = &mut *inodes;
        if let hashbrown::hash_map::Entry::Occupied(found) = inodes.by_number.entry(number(id))
            && found.get().id == id
            && which(found.get())
        {
            inodes.by_handle.remove(&found.remove().handle);
            return true;
        }
        false
    }

    /// Forgets the inodes of filesystems that are gone.
    pub(super) fn forget_devices(&self, devices: &[u64]) {
        if devices.is_empty() {
            return;
        }
        let mut inodes = self.inodes.write();
        inodes.by_number.retain(|(device, _), _| !devices.contains(device));
        inodes.by_handle.retain(|_, id| !devices.contains(&id.device));
    }

    pub(super) fn all_covered(&self) -> Vec<FileId> {
        let inodes = self.inodes.read();
        inodes.by_number.values().filter(|marked| marked.covered).map(|marked| marked.id).collect()
    }

    /// Nobody knows any more whether those without a generation are what their numbers stand for. What happens to them
    /// is still understood.
    pub(super) fn uncover_nameless(&self) {
        for marked in self.inodes.write().by_number.values_mut() {
            marked.covered &= marked.id.generation != 0;
        }
    }
}

fn number(id: FileId) -> (u64, u64) {
    (id.device, id.inode)
}

fn is(marked: FileId, asked: FileId) -> bool {
    asked.generation == 0 || marked.generation == asked.generation
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(generation: u64) -> FileId {
        FileId { device: 1, inode: 2, generation }
    }

    #[test]
    fn an_inode_is_covered_from_its_mark_on_until_it_is_gone() {
        let watched = Watched::default();
        watched.learn(id(7), b"seven").unwrap();
        assert!(!watched.covers(id(7)), "not yet");
        watched.set_covered(id(7));
        assert!(watched.covers(id(7)) && watched.covers(id(0)) && !watched.covers(id(8)));
        assert_eq!(watched.find(1, b"seven"), Some(id(7)));
        assert_eq!(watched.find(2, b"seven"), None, "another filesystem may call another one so");
        watched.give_up(id(7));
        assert!(watched.covers(id(7)), "another thread has marked it");
        assert!(watched.forget(id(7)));
        assert!(!watched.covers(id(7)));
        assert_eq!(watched.find(1, b"seven"), None);
    }

    #[test]
    fn the_end_of_an_inode_says_nothing_about_the_next_of_its_number() {
        let watched = Watched::default();
        watched.learn(id(7), b"seven").unwrap();
        watched.set_covered(id(7));
        watched.learn(id(8), b"eight").unwrap();
        watched.set_covered(id(7));
        assert!(!watched.covers(id(8)), "the mark was the other's");
        watched.set_covered(id(8));
        assert!(!watched.forget(id(7)));
        assert!(watched.covers(id(8)));
        assert_eq!(watched.find(1, b"seven"), None);
    }

    #[test]
    fn the_next_of_a_number_is_told_by_its_handle_where_nothing_else_tells() {
        let watched = Watched::default();
        watched.learn(id(0), b"first").unwrap();
        watched.set_covered(id(0));
        watched.learn(id(0), b"second").unwrap();
        assert!(!watched.covers(id(0)), "the mark was the other's");
        assert_eq!((watched.find(1, b"first"), watched.find(1, b"second")), (None, Some(id(0))));
    }

    #[test]
    fn what_may_have_ended_is_not_covered_and_still_understood() {
        let watched = Watched::default();
        watched.learn(id(0), b"any").unwrap();
        assert_eq!(watched.all_covered(), []);
        watched.set_covered(id(0));
        assert_eq!(watched.all_covered(), [id(0)]);
        watched.uncover_nameless();
        assert!(!watched.covers(id(0)));
        assert_eq!(watched.find(1, b"any"), Some(id(0)));
    }
}
