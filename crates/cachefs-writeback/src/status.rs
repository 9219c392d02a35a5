//! What a write-back tells of itself.

use std::path::{Path, PathBuf};
use std::time::Duration;

use cachefs_vfs::{Errno, Error, FileId};

use crate::core::Core;
use crate::dirty::DirtyFile;
use crate::flush::{Remaining, remaining};
use crate::sync::{Arc, AtomicU64, Ordering};

/// Files that fail which are named.
const FAILING_MAX: usize = 16;

/// How things stand. Counts are since the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Bytes that the backing lacks.
    pub dirty_bytes: u64,
    /// The limit of that.
    pub dirty_max: u64,
    /// Bytes of memory that it takes to know where they lie.
    pub memory_bytes: u64,
    /// The limit of that.
    pub memory_max: u64,
    /// Files that have such bytes.
    pub dirty_files: u64,
    /// How long the oldest of them have been so.
    pub oldest_age: Option<Duration>,
    /// Bytes of the journal on its disk.
    pub journal_bytes: u64,
    /// The limit of that.
    pub journal_max: u64,
    /// Segments of the journal.
    pub journal_segments: u64,
    /// How long writers were slowed, and waited for room, all together.
    pub throttled: Duration,
    /// Bytes per second that the backing took lately.
    pub flush_rate: Option<u64>,
    /// Flushes of a file that ended well.
    pub flushes: u64,
    /// Flushes of a file that failed, and are tried again.
    pub flush_failures: u64,
    /// Bytes that flushes wrote to the backing.
    pub flushed_bytes: u64,
    /// Writes that went to the backing at once.
    pub through_writes: u64,
    /// Files kept beside one that somebody else had changed.
    pub conflicts: u64,
    /// Acknowledged bytes that the journal did not give back.
    pub lost_bytes: u64,
    /// Why nothing becomes dirty any more: the journal broke, or there is no room for it.
    pub through: Option<Error>,
    /// Threads that flush, those that hang among them.
    pub flushers: u64,
    /// Files whose flush hangs in the backing.
    pub hanging: u64,
    /// Which these are, some of them if they are many.
    pub hung: Vec<Remaining>,
    /// Files that can't be flushed, some of them if they are many.
    pub failing: Vec<Remaining>,
}

/// A file that waits to be written to the backing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// From the root of the backing.
    pub path: PathBuf,
    /// How much of it the backing lacks, in bytes; 0 where only its length does.
    pub bytes: u64,
    /// For how long.
    pub age: Duration,
    /// What kept it from being written, if it was tried.
    pub error: Option<Error>,
    /// Its flush hangs in the backing.
    pub hangs: bool,
}

impl Core {
    /// What waits, the oldest first, at most so many files. No I/O.
    pub(crate) fn waiting(&self, max: usize) -> Vec<Pending> {
        let now = self.clock.now();
        let mut files = self.table.all_dirty();
        files.sort_by_cached_key(|file| file.state().first);
        let one = |file: &Arc<DirtyFile>| {
            let Remaining { path, bytes, error } = remaining(file)?;
            let age = now.since(file.state().first);
            Some(Pending { path, bytes, age, error, hangs: self.hangs(file) })
        };
        files.iter().filter_map(one).take(max).collect()
    }

    fn no_room(&self) -> Option<Error> {
        let full = || Error::new(Errno::NOSPC).on("making room in", Path::new("the journal"));
        self.hunger.is_hopeless().then(full)
    }

    /// Bytes of this file that the backing lacks. No I/O.
    pub(crate) fn dirty_bytes(&self, id: FileId) -> u64 {
        self.table.get(id).map_or(0, |file| file.state().extents.bytes())
    }

    /// How things stand. No I/O.
    pub(crate) fn status(&self) -> Status {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (usage, stats, weight) = (self.journal.usage(), &self.stats, self.pressure.weight());
        let files = self.table.all_dirty();
        let oldest = files.iter().map(|file| file.state().first).min();
        let hanging = self.hanging();
        let failing = files.iter().filter(|file| file.state().failing.is_some());
        Status {
            dirty_bytes: weight.bytes,
            dirty_max: self.config.dirty_max,
            memory_bytes: weight.memory(),
            memory_max: self.pressure.weight_max().memory(),
            dirty_files: self.table.dirty() as u64,
            oldest_age: oldest.map(|oldest| self.clock.now().since(oldest)),
            journal_bytes: usage.bytes,
            journal_max: usage.bytes_max,
            journal_segments: usage.segments as u64,
            throttled: self.pressure.throttled(),
            flush_rate: self.pressure.drain_rate(),
            flushes: count(&stats.flushes),
            flush_failures: count(&stats.failures),
            flushed_bytes: count(&stats.flushed_bytes),
            through_writes: count(&stats.through),
            conflicts: count(&stats.conflicts),
            lost_bytes: count(&stats.lost_bytes),
            through: self.journal.broken().or_else(|| self.no_room()),
            flushers: self.gang.len() as u64,
            hanging: hanging.len() as u64,
            hung: hanging.iter().filter_map(|file| remaining(file)).take(FAILING_MAX).collect(),
            failing: failing.filter_map(|file| remaining(file)).take(FAILING_MAX).collect(),
        }
    }
}
