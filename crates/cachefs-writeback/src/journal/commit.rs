use super::{Journal, JournalError, Seq};
use crate::sync::{Arc, AtomicU64, Condvar, Mutex, Ordering};

/// Who syncs, and how far that has come.
#[derive(Debug, Default)]
pub(super) struct Commit {
    /// Whether a thread is at it.
    leading: Mutex<bool>,
    done: Condvar,
    durable: AtomicU64,
}

impl Commit {
    pub(super) fn from(durable: Seq) -> Self {
        Self { durable: AtomicU64::new(durable.0), ..Self::default() }
    }

    pub(super) fn durable(&self) -> Seq {
        Seq(self.durable.load(Ordering::Acquire))
    }
}

/// The one that syncs, until it is dropped.
#[derive(Debug)]
struct Lead<'a>(&'a Commit);

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        *self.0.leading.lock() = false;
        self.0.done.notify_all();
    }
}

impl Journal {
    /// Waits until all records up to `upto` are durable. One thread syncs for all that wait.
    ///
    /// # Errors
    /// `Broken`, from the first failure on for ever; not for what is durable already.
    pub(crate) fn commit(&self, upto: Seq) -> Result<(), JournalError> {
        let upto = upto.min(self.last());
        if self.commit.durable() >= upto {
            return Ok(());
        }
        let mut leading = self.commit.leading.lock();
        while *leading {
            self.commit.done.wait(&mut leading);
            if self.commit.durable() >= upto {
                return Ok(());
            }
        }
        if self.commit.durable() >= upto {
            return Ok(());
        }
        *leading = true;
        let lead = Lead(&self.commit);
        drop(leading);
        let synced = self.sync();
        drop(lead);
        synced
    }

    /// Syncs all that was written before the call, the oldest segment first.
    fn sync(&self) -> Result<(), JournalError> {
        self.latch.check()?;
        let (last, files) = {
            let mut end = self.end.lock();
            let mut files = std::mem::take(&mut end.unsynced);
            files.extend(end.segment.as_ref().map(|segment| Arc::clone(&segment.file)));
            (end.last, files)
        };
        for file in files {
            file.sync(&*self.dir).map_err(|error| self.latch.set(error))?;
        }
        self.commit.durable.store(last.0, Ordering::Release);
        Ok(())
    }
}
