use std::sync::atomic::{AtomicBool, Ordering};

use cachefs_sys::fanotify::Reach;
use hashbrown::HashSet;
use parking_lot::Mutex;
use rustix::io::Errno;

use crate::{FileId, Result};

/// Directories in which openings are told of, in addition to what is told of whole filesystems. By them writers are
/// found that nothing else tells of yet.
///
/// A mark keeps its directory in the kernel's memory, so only the first ones are such; those beyond the limit go when
/// the kernel lets go of their directory. There a writer is found when its first change is told.
#[derive(Debug)]
pub(super) struct Opens {
    pinned: Mutex<HashSet<FileId>>,
    pinned_max: usize,
    /// Whether the kernel has marks that go together with their inodes. Linux 5.19.
    evictable: AtomicBool,
}

/// About 20 MiB of the kernel's memory.
const PINNED_MAX: usize = 16_384;

impl Default for Opens {
    fn default() -> Self {
        Self::new(PINNED_MAX)
    }
}

impl Opens {
    fn new(pinned_max: usize) -> Self {
        Self { pinned: Mutex::default(), pinned_max, evictable: AtomicBool::new(true) }
    }

    /// Marks the directory `id` by `mark`.
    pub(super) fn add(&self, id: FileId, mark: impl Fn(Reach) -> rustix::io::Result<()>) -> Result<()> {
        if self.pin(id) {
            let pinned = mark(Reach::Inode);
            if pinned.is_err() {
                self.forget(id);
            }
            return Ok(pinned?);
        }
        if self.evictable.load(Ordering::Relaxed) {
            match mark(Reach::Evictable) {
                Err(Errno::INVAL) => self.evictable.store(false, Ordering::Relaxed),
                // There is one already that stays.
                Ok(()) | Err(Errno::EXIST) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(mark(Reach::Inode)?)
    }

    /// Whether the mark of `id` is one of those that stay.
    fn pin(&self, id: FileId) -> bool {
        let mut pinned = self.pinned.lock();
        if pinned.len() >= self.pinned_max {
            return pinned.contains(&id);
        }
        pinned.insert(id);
        true
    }

    /// Forgets a directory that is gone, and with it its mark.
    pub(super) fn forget(&self, id: FileId) -> bool {
        self.pinned.lock().remove(&id)
    }

    /// Forgets all but these.
    pub(super) fn retain(&self, which: impl Fn(FileId) -> bool) {
        self.pinned.lock().retain(|id| which(*id));
    }

    /// Marks that stay. Nobody knows how many of the others there are at the moment.
    pub(super) fn pinned(&self) -> u64 {
        self.pinned.lock().len() as u64
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn id(inode: u64) -> FileId {
        FileId { device: 1, inode, generation: 1 }
    }

    #[test]
    fn the_first_marks_stay_and_make_room_when_their_directory_is_gone() {
        let opens = Opens::new(2);
        let marks = RefCell::new(Vec::new());
        let add = |inode| {
            opens.add(id(inode), |reach| {
                marks.borrow_mut().push((inode, reach));
                Ok(())
            })
        };
        for inode in [1, 2, 3, 1] {
            add(inode).unwrap();
        }
        assert!(opens.forget(id(2)) && !opens.forget(id(3)));
        add(3).unwrap();
        let (stays, goes) = (Reach::Inode, Reach::Evictable);
        assert_eq!(marks.take(), [(1, stays), (2, stays), (3, goes), (1, stays), (3, stays)]);
        opens.retain(|id| id.inode == 3);
        assert_eq!(opens.pinned(), 1);
    }

    #[test]
    fn what_could_not_be_marked_takes_no_room() {
        let opens = Opens::new(1);
        let refused = opens.add(id(1), |_| Err(Errno::NOSPC)).unwrap_err();
        assert_eq!((refused.errno(), opens.pinned()), (Errno::NOSPC, 0));
    }

    #[test]
    fn kernels_whose_marks_all_stay_get_such() {
        let opens = Opens::new(0);
        opens.add(id(1), |reach| if reach == Reach::Evictable { Err(Errno::INVAL) } else { Ok(()) }).unwrap();
        opens.add(id(2), |reach| if reach == Reach::Evictable { Err(Errno::IO) } else { Ok(()) }).unwrap();
    }
}
