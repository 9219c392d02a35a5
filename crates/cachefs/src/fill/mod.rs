//! Single flight: whoever misses a block first loads it, everybody else who misses it meanwhile waits for that load.

use cachefs_vfs::{Error, Result, nowait};
use hashbrown::HashTable;

use crate::block::{BlockKey, Frame};
use crate::stats::{Counter, Stats};
use crate::sync::{Arc, Condvar, Mutex};

/// The loads under way. Holds one entry per [`Lead`], so never more than callers hold.
///
/// Rules for callers:
/// - Having got a [`Lead`], look into the store once more before loading: the load before may have ended between the
///   first look and this one. What is found there is handed to [`Lead::finish`] like a load.
/// - Put the frame into the store before [`Lead::finish`]: who comes after must find it there. Both under the lock of
///   the file's state, so that no change of ours fits between: who comes after that must not find this load.
/// - A thread may hold many leads (a run of blocks), but must not wait for a [`Follow`] while it holds one: finish the
///   own ones first. Two runs that wait for each other would never end.
///
/// Locks: one shard of the table, then nothing; a flight's lock is a leaf.
#[derive(Clone, Debug)]
pub(crate) struct Fills(Arc<Table>);

#[derive(Debug)]
struct Table {
    shards: [Mutex<Shard>; Fills::SHARDS],
    stats: Stats,
}

type Shard = HashTable<(BlockKey, Arc<Flight>)>;

/// What a caller that misses a block is to do.
#[derive(Debug)]
pub(crate) enum Turn {
    /// Load it.
    Lead(Lead),
    /// Wait for who loads it.
    Follow(Follow),
}

impl Fills {
    const SHARDS: usize = 16;

    pub(crate) fn new(stats: Stats) -> Self {
        let shards = std::array::from_fn(|_| Mutex::new(HashTable::new()));
        Self(Arc::new(Table { shards, stats }))
    }

    /// Joins the load of this block, as its leader if there is none. Never blocks.
    pub(crate) fn begin(&self, key: BlockKey) -> Turn {
        let mut shard = self.0.shard(&key).lock();
        if let Some((_, flight)) = shard.find(key.hash64(), |(other, _)| *other == key) {
            return Turn::Follow(Follow { flight: Arc::clone(flight), stats: self.0.stats.clone() });
        }
        let flight = Arc::new(Flight { outcome: Mutex::new(None), landed: Condvar::new() });
        shard.insert_unique(key.hash64(), (key, Arc::clone(&flight)), |(other, _)| other.hash64());
        Turn::Lead(Lead { key, flight, table: Arc::clone(&self.0), finished: false })
    }

    /// Loads under way.
    pub(crate) fn in_flight(&self) -> usize {
        self.0.shards.iter().map(|shard| shard.lock().len()).sum()
    }
}

impl Table {
    fn shard(&self, key: &BlockKey) -> &Mutex<Shard> {
        let middle = usize::try_from(key.hash64() >> 32).unwrap_or(0);
        &self.shards[middle % Fills::SHARDS]
    }
}

/// One load.
#[derive(Debug)]
struct Flight {
    /// `None` while it is under way.
    outcome: Mutex<Option<Outcome>>,
    landed: Condvar,
}

#[derive(Clone, Debug)]
enum Outcome {
    Loaded(Frame),
    Failed(Error),
    GivenUp,
}

/// The duty to load a block. Dropping it without [`Self::finish`] (a panic, a verb that must not block) tells the
/// followers to try for themselves.
#[derive(Debug)]
pub(crate) struct Lead {
    key: BlockKey,
    flight: Arc<Flight>,
    table: Arc<Table>,
    finished: bool,
}

impl Lead {
    /// The block to load.
    pub(crate) fn key(&self) -> BlockKey {
        self.key
    }

    /// Whether somebody waits for this load by now.
    pub(crate) fn is_awaited(&self) -> bool {
        // One reference is ours and one the table's.
        Arc::strong_count(&self.flight) > 2
    }

    /// Ends the load. Followers get the frame, or the error; so let go of a lead rather than finish it with an error
    /// that concerns this caller alone.
    pub(crate) fn finish(mut self, loaded: Result<Frame>) {
        let outcome = match loaded {
            Ok(frame) => Outcome::Loaded(frame),
            Err(error) => Outcome::Failed(error),
        };
        self.land(outcome);
    }

    fn land(&mut self, outcome: Outcome) {
        self.finished = true;
        // Out of the table first: who comes from here on leads the next load and cannot meet this outcome.
        let removed = {
            let mut shard = self.table.shard(&self.key).lock();
            let own = |(_, flight): &(BlockKey, Arc<Flight>)| Arc::ptr_eq(flight, &self.flight);
            shard.find_entry(self.key.hash64(), own).ok().map(|entry| entry.remove().0)
        };
        debug_assert!(removed.is_some(), "a lead leaves the table once");
        *self.flight.outcome.lock() = Some(outcome);
        self.flight.landed.notify_all();
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        if !self.finished {
            self.land(Outcome::GivenUp);
        }
    }
}

/// The right to the outcome of somebody else's load.
#[derive(Debug)]
pub(crate) struct Follow {
    flight: Arc<Flight>,
    stats: Stats,
}

impl Follow {
    /// Waits for the load to end, however long the leader's call to the backing takes. `None` if the leader gave up:
    /// begin again.
    ///
    /// # Errors
    /// The leader's; inside [`nowait::scope`], `EWOULDBLOCK` if the load is still under way.
    pub(crate) fn wait(&self) -> Result<Option<Frame>> {
        let mut outcome = self.flight.outcome.lock();
        if outcome.is_none() {
            nowait::check()?;
        }
        self.stats.count(Counter::Coalesced);
        while outcome.is_none() {
            self.flight.landed.wait(&mut outcome);
        }
        match &*outcome {
            Some(Outcome::Loaded(frame)) => Ok(Some(frame.clone())),
            Some(Outcome::Failed(error)) => Err(error.clone()),
            Some(Outcome::GivenUp) | None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests;
