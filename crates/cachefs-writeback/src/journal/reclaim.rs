use cachefs_vfs::{Access, VDir};

use super::scan::list;
use super::segment::SegmentFile;
use super::{Journal, JournalError, SegmentNo};

impl Journal {
    /// Removes the oldest segments, strictly in order, of which no record is held; before that, all records that were
    /// written by then are made durable. Answers how many bytes that freed.
    ///
    /// # Errors
    /// `Broken`; `Io` if a file could not be removed, which may be tried again.
    pub(crate) fn reclaim(&self) -> Result<u64, JournalError> {
        let _one = self.reclaiming.lock();
        let free = self.list.lock().free();
        if free.is_empty() {
            return Ok(0);
        }
        self.commit(self.last())?;
        let mut freed = 0;
        for segment in free {
            segment.file.remove(&*self.dir)?;
            self.dir.sync()?;
            self.list.lock().pop();
            freed += segment.capacity;
        }
        Ok(freed)
    }

    /// The oldest segment of which a record is held.
    pub(crate) fn oldest_held(&self) -> Option<SegmentNo> {
        self.list.lock().oldest_held()
    }

    /// Removes all segments in `dir`, whatever they say, the oldest first; how many. To be called when nothing of them
    /// is needed any more, and no journal is open there but a broken one.
    ///
    /// # Errors
    /// `Io`, which leaves the newer ones.
    pub(crate) fn discard(dir: &dyn VDir) -> Result<usize, JournalError> {
        let all = list(dir)?;
        for &no in &all {
            let (file, _) = SegmentFile::open(dir, no, Access::Read)?;
            file.remove(dir)?;
        }
        dir.sync()?;
        Ok(all.len())
    }
}
