//! What all parts share, and the verbs on files that may be dirty.

mod adopt;
mod attr;
mod begin;
mod change;
mod cut;
mod leave;
mod naming;
mod news;
mod note;
mod read;
mod read_many;
mod removals;
mod room;
mod stats;
mod sync_file;
mod turn;
mod unsynced;
mod write;

use std::collections::VecDeque;

use cachefs_vfs::clock::Clock;
use cachefs_vfs::{Errno, Error, Result, Vfs};

pub(crate) use adopt::Adopted;
pub(crate) use attr::{Asked, Before, Known};
use naming::Names;
use news::News;
pub(crate) use news::{Conflicted, Ear};
use removals::Removals;
pub(crate) use removals::Removed;
use room::Hunger;
pub(crate) use stats::{SoFar, Stats};
pub(crate) use turn::Turn;
use unsynced::Leaving;
pub(crate) use write::{At, Target};

use crate::Config;
use crate::dirty::{DirtyFile, Table};
use crate::extent::EXTENT_MEMORY;
use crate::flush::{Bell, Gang, Hired};
use crate::journal::{FileNo, Journal, SegmentNo};
use crate::overlay::Handles;
use crate::pressure::{Limits, Pressure};
use crate::retry::Dice;
use crate::sync::{Arc, AtomicBool, AtomicU64, Mutex, Ordering};

/// So many extents there may always be.
const EXTENTS_MIN: u64 = 1024;

/// What all parts share.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) backing: Arc<dyn Vfs>,
    pub(crate) journal: Journal,
    pub(crate) table: Table,
    pub(crate) pressure: Pressure,
    pub(crate) config: Config,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) stats: Stats,
    pub(crate) dice: Dice,
    /// Wakes the flushers.
    pub(crate) bell: Arc<Bell>,
    /// The next file of the journal.
    next_no: AtomicU64,
    /// Counts what moved at the backing by our doing: flushes that ended, truncations.
    moves: AtomicU64,
    /// Counts our changes of clean files that are in no table.
    changes: AtomicU64,
    /// Files removed by us, whose removal may not be durable yet.
    removals: Removals,
    /// Wakes the thread that makes removals durable.
    pub(crate) settling: Bell,
    names: Names,
    /// What programs have open.
    pub(crate) handles: Arc<Handles>,
    pub(crate) news: News,
    pub(crate) hunger: Hunger,
    leaving: Leaving,
    /// Threads that flush for somebody who asked.
    pub(crate) hired: Hired,
    /// Those who flush what is due.
    pub(crate) gang: Arc<Gang>,
    /// Files that are due, the first to be flushed first.
    pub(crate) due: Mutex<VecDeque<Arc<DirtyFile>>>,
    /// The oldest segment that was held when room was last given back.
    pub(crate) oldest_held: Mutex<Option<SegmentNo>>,
    /// The broken journal was removed.
    pub(crate) abandoned: AtomicBool,
    /// That the journal broke was said.
    said_broken: AtomicBool,
    /// Another may have the journal and the backing by now.
    stopped: AtomicBool,
}

impl Core {
    /// Nothing is dirty, no thread runs. Files get numbers from `first_no` on.
    pub(crate) fn new(
        backing: Arc<dyn Vfs>,
        journal: Journal,
        config: Config,
        clock: Arc<dyn Clock>,
        first_no: FileNo,
    ) -> Arc<Self> {
        let bell = Arc::new(Bell::default());
        let gang = Arc::new(Gang::new(config.flushers, config.hang_after, Arc::clone(&clock)));
        let hired = Hired::new(config.flushers);
        let (dirty_max, room_wait) = (config.dirty_max, config.room_wait);
        let limits = Limits { dirty_max, extents_max: extents_max(&config), room_wait };
        let urge = {
            let bell = Arc::clone(&bell);
            move || bell.ring()
        };
        Arc::new(Self {
            backing,
            journal,
            table: Table::new(config.remembered_max),
            pressure: Pressure::new(limits, Arc::clone(&clock), urge),
            config,
            clock,
            stats: Stats::default(),
            dice: Dice::new(),
            bell,
            next_no: AtomicU64::new(first_no.0),
            moves: AtomicU64::new(0),
            changes: AtomicU64::new(0),
            removals: Removals::default(),
            settling: Bell::default(),
            names: Names::default(),
            handles: Arc::default(),
            news: News::default(),
            hunger: Hunger::default(),
            leaving: Leaving::default(),
            hired,
            gang,
            due: Mutex::default(),
            oldest_held: Mutex::default(),
            abandoned: AtomicBool::new(false),
            said_broken: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
        })
    }

    /// From now on no flush changes the backing, nor does anything go into the journal: whoever is left behind in a call
    /// must not undo what the next one does.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
    }

    /// To be asked before each change of the backing by a flush.
    ///
    /// # Errors
    /// `ECANCELED` if it is not to go on.
    pub(crate) fn check_stopped(&self) -> Result<()> {
        if self.stopped.load(Ordering::Acquire) { Err(Error::new(Errno::CANCELED)) } else { Ok(()) }
    }
}

/// How many extents there may be: as many as find room in the memory for them. Of few dirty bytes they are not to take
/// more than the bytes do.
fn extents_max(config: &Config) -> u64 {
    (config.memory_max.min(config.dirty_max) / EXTENT_MEMORY).max(EXTENTS_MIN)
}
