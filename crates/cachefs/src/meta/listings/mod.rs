use std::hash::BuildHasher;

use cachefs_vfs::{Cookie, DirEntry, FileId};
use hashbrown::DefaultHashBuilder;

use super::{Asked, Chunk, LruMap, Node, Seen};
use crate::coherence::{Changed, Fact, Freshness};
use crate::sync::{Arc, Mutex};
use crate::time::Moment;

/// Listings of directories, growing chunk by chunk as they are read until they are complete. Bounded by entries, each
/// listing counting as one more: the least recently used listing goes first.
#[derive(Debug)]
pub(crate) struct Listings {
    table: Mutex<Table>,
    entries_max: usize,
    hasher: DefaultHashBuilder,
    freshness: Arc<Freshness>,
}

#[derive(Debug, Default)]
struct Table {
    listings: LruMap<FileId, Listing>,
    /// What all listings cost.
    cost: usize,
}

#[derive(Debug)]
struct Listing {
    /// When its first chunk was asked for.
    seen: Seen,
    chunks: Arc<Vec<Arc<Chunk>>>,
    complete: bool,
}

/// What is known after a place in a listing. It stays, whatever becomes of the listing.
#[derive(Debug)]
pub(crate) struct Rest {
    chunks: Arc<Vec<Arc<Chunk>>>,
    /// The chunk that holds the first entry, and its number there.
    start: (usize, usize),
    complete: bool,
}

impl Listings {
    pub(crate) fn new(entries_max: usize, freshness: Arc<Freshness>) -> Self {
        Self { table: Mutex::default(), entries_max, hasher: DefaultHashBuilder::default(), freshness }
    }

    /// How many entries one listing may have.
    pub(crate) fn entries_max(&self) -> usize {
        self.entries_max.saturating_sub(1)
    }

    /// What follows the place `after`, if anything is known; a use of the listing.
    pub(crate) fn find(&self, dir: &Node, after: Cookie, now: Moment) -> Option<Rest> {
        let hash = self.hasher.hash_one(dir.id);
        let mut table = self.table.lock();
        let listing = table.listings.get(hash, |id| *id == dir.id)?;
        if !listing.is_good(dir, now, &self.freshness) {
            table.remove(hash, dir.id);
            return None;
        }
        listing.find(after)
    }

    /// Keeps what was read after the place `after`: as the beginning of a new listing at the start, else if it goes on
    /// where the listing stands.
    pub(crate) fn learn(&self, dir: &Node, after: Cookie, chunk: Chunk, complete: bool, asked: Asked) {
        let hash = self.hasher.hash_one(dir.id);
        let added = chunk.len();
        let seen = self.freshness.seen(asked, asked.cover.is_some());
        let mut table = self.table.lock();
        let table = &mut *table;
        if after == Cookie::START {
            table.remove(hash, dir.id);
            table.listings.insert(hash, dir.id, Listing::new(seen));
            table.cost += 1;
        }
        let Some(listing) = table.listings.get(hash, |id| *id == dir.id) else { return };
        if listing.end() != after || listing.complete {
            return;
        }
        if added > 0 {
            Arc::make_mut(&mut listing.chunks).push(Arc::new(chunk));
        }
        listing.complete = complete;
        // One that is too long goes itself rather than drive out all others.
        let told = self.freshness.told(Changed::Listing(dir.id));
        let changed = dir.names_changed.get().max(told) > listing.seen.stamp();
        let useless = changed || listing.cost() > self.entries_max;
        table.cost += added;
        if useless {
            table.remove(hash, dir.id);
        }
        while table.cost > self.entries_max {
            table.evict();
        }
    }

    /// Forgets the listing of the directory.
    pub(crate) fn forget(&self, dir: FileId) {
        self.table.lock().remove(self.hasher.hash_one(dir), dir);
    }

    pub(crate) fn clear(&self) {
        *self.table.lock() = Table::default();
    }

    /// Entries held, over all listings, and one more for each.
    pub(crate) fn cost(&self) -> usize {
        self.table.lock().cost
    }
}

impl Table {
    fn remove(&mut self, hash: u64, dir: FileId) {
        if let Some((_, listing)) = self.listings.remove(hash, |id| *id == dir) {
            self.cost -= listing.cost();
        }
    }

    fn evict(&mut self) {
        if let Some((_, listing)) = self.listings.evict(1, |_, _| true) {
            self.cost -= listing.cost();
        }
    }
}

impl Listing {
    fn new(seen: Seen) -> Self {
        Self { seen, chunks: Arc::default(), complete: false }
    }

    fn is_good(&self, dir: &Node, now: Moment, freshness: &Freshness) -> bool {
        dir.names_changed.get() <= self.seen.stamp()
            && self.seen.stamp() >= dir.names_since.get()
            && freshness.holds(Fact::Listing, self.seen, now)
    }

    fn cost(&self) -> usize {
        1 + self.chunks.iter().map(|chunk| chunk.len()).sum::<usize>()
    }

    /// The place after its last entry.
    fn end(&self) -> Cookie {
        self.chunks.last().and_then(|chunk| chunk.last()).unwrap_or(Cookie::START)
    }

    fn find(&self, after: Cookie) -> Option<Rest> {
        let rest = |start| Some(Rest { chunks: Arc::clone(&self.chunks), start, complete: self.complete });
        if after == self.end() {
            return rest((self.chunks.len(), 0)).filter(Rest::is_complete);
        }
        if after == Cookie::START {
            return rest((0, 0));
        }
        // Places grow, so the chunk that holds `after` is the first that ends at or after it.
        let number = self.chunks.partition_point(|chunk| chunk.last().is_some_and(|last| last < after));
        let before = self.chunks.get(number)?.position(after)?;
        rest((number, before))
    }
}

impl Rest {
    /// Whether it goes to the end of the directory.
    pub(crate) fn is_complete(&self) -> bool {
        self.complete
    }

    /// The entries.
    pub(crate) fn entries(&self) -> impl Iterator<Item = DirEntry<'_>> {
        let (first, before) = self.start;
        let chunks = self.chunks.iter().enumerate().skip(first);
        chunks.flat_map(move |(number, chunk)| {
            let start = if number == first { before } else { 0 };
            (start..chunk.len()).filter_map(|number| chunk.entry(number))
        })
    }
}

#[cfg(test)]
mod tests;
