use cachefs_vfs::{Access, Errno, Error};

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

    /// Removes all segments, the oldest first, whatever is held of them, also where the journal is broken: to be called
    /// when the backing has everything, durably, and a broken journal could not be told so. Without this, the next start
    /// would find files that have changed since, and take that for the work of others.
    ///
    /// # Errors
    /// `Io`, which leaves the newer ones.
    pub(crate) fn abandon(&self) -> Result<(), JournalError> {
        let _one = self.reclaiming.lock();
        let end = self.end.lock();
        self.latch.set(Error::new(Errno::SHUTDOWN));
        drop(end);
        for no in list(&*self.dir)? {
            let (file, _) = SegmentFile::open(&*self.dir, no, Access::Read)?;
            file.remove(&*self.dir)?;
            self.dir.sync()?;
        }
        Ok(())
    }
}
