use std::hash::BuildHasher;
use std::time::Duration;

use cachefs_vfs::{Cookie, FileId};
use hashbrown::DefaultHashBuilder;

use super::{Asked, Chunk, LruMap, Node};
use crate::sync::{Arc, Mutex};
use crate::time::Moment;

/// Listings of directories, growing chunk by chunk as they are read until they are complete. Bounded by entries: the
/// least recently used listing goes first.
#[derive(Debug)]
pub(crate) struct Listings {
    table: Mutex<Table>,
    entries_max: usize,
    hasher: DefaultHashBuilder,
    ttl: Duration,
}

#[derive(Debug, Default)]
struct Table {
    listings: LruMap<FileId, Listing>,
    /// The sum over all listings.
    entries: usize,
}

#[derive(Debug)]
struct Listing {
    /// When its first chunk was asked for.
    asked: Asked,
    chunks: Vec<Arc<Chunk>>,
    complete: bool,
}

/// What is known after a place in a listing.
#[derive(Debug)]
pub(crate) enum Found {
    /// The entries of this chunk from this number on.
    Entries(Arc<Chunk>, usize),
    /// There are no more.
    End,
    /// Nothing.
    Unknown,
}

impl Listings {
    pub(crate) fn new(entries_max: usize, ttl: Duration) -> Self {
        Self { table: Mutex::default(), entries_max, hasher: DefaultHashBuilder::default(), ttl }
    }

    /// How many entries one listing may have.
    pub(crate) fn entries_max(&self) -> usize {
        self.entries_max
    }

    /// What follows the place `after`; a use of the listing.
    pub(crate) fn find(&self, dir: &Node, after: Cookie, now: Moment) -> Found {
        let hash = self.hasher.hash_one(dir.id);
        let mut table = self.table.lock();
        let Some(listing) = table.listings.get(hash, |id| *id == dir.id) else { return Found::Unknown };
        if !listing.is_good(dir, now, self.ttl) {
            table.remove(hash, dir.id);
            return Found::Unknown;
        }
        listing.find(after)
    }

    /// Whether the whole directory can be listed without the backing.
    pub(crate) fn is_complete(&self, dir: &Node, now: Moment) -> bool {
        let hash = self.hasher.hash_one(dir.id);
        let table = self.table.lock();
        let listing = table.listings.peek(hash, |id| *id == dir.id);
        listing.is_some_and(|listing| listing.complete && listing.is_good(dir, now, self.ttl))
    }

    /// Keeps what was read after the place `after`: as the beginning of a new listing at the start, else if it goes on
    /// where the listing stands.
    pub(crate) fn learn(&self, dir: &Node, after: Cookie, chunk: Chunk, complete: bool, asked: Asked) {
        let hash = self.hasher.hash_one(dir.id);
        let added = chunk.len();
        let mut table = self.table.lock();
        let table = &mut *table;
        if after == Cookie::START {
            table.remove(hash, dir.id);
            table.listings.insert(hash, dir.id, Listing { asked, chunks: Vec::new(), complete: false });
        }
        let Some(listing) = table.listings.get(hash, |id| *id == dir.id) else { return };
        if listing.end() != after || listing.complete {
            return;
        }
        if added > 0 {
            listing.chunks.push(Arc::new(chunk));
        }
        listing.complete = complete;
        // One that is too long goes itself rather than drive out all others.
        let changed = dir.names_changed.get() > listing.asked.stamp;
        let useless = changed || listing.len() > self.entries_max;
        table.entries += added;
        if useless {
            table.remove(hash, dir.id);
        }
        while table.entries > self.entries_max {
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

    /// Entries held, over all listings.
    pub(crate) fn entries(&self) -> usize {
        self.table.lock().entries
    }
}

impl Table {
    fn remove(&mut self, hash: u64, dir: FileId) {
        if let Some((_, listing)) = self.listings.remove(hash, |id| *id == dir) {
            self.entries -= listing.len();
        }
    }

    fn evict(&mut self) {
        if let Some((_, listing)) = self.listings.evict(1, |_, _| true) {
            self.entries -= listing.len();
        }
    }
}

impl Listing {
    fn is_good(&self, dir: &Node, now: Moment, ttl: Duration) -> bool {
        dir.names_changed.get() <= self.asked.stamp
            && self.asked.stamp >= dir.names_since.get()
            && now.since(self.asked.at) < ttl
    }

    fn len(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.len()).sum()
    }

    /// The place after its last entry.
    fn end(&self) -> Cookie {
        self.chunks.last().and_then(|chunk| chunk.last()).unwrap_or(Cookie::START)
    }

    fn find(&self, after: Cookie) -> Found {
        if after == self.end() {
            return if self.complete { Found::End } else { Found::Unknown };
        }
        // Places grow, so the chunk that holds `after` is the first that ends at or after it.
        let number = match after {
            Cookie::START => 0,
            _ => self.chunks.partition_point(|chunk| chunk.last().is_some_and(|last| last < after)),
        };
        let Some(chunk) = self.chunks.get(number) else { return Found::Unknown };
        let position = if after == Cookie::START { Some(0) } else { chunk.position(after) };
        match (position, self.chunks.get(number + 1)) {
            (Some(at), Some(next)) if at == chunk.len() => Found::Entries(Arc::clone(next), 0),
            (Some(at), _) => Found::Entries(Arc::clone(chunk), at),
            (None, _) => Found::Unknown,
        }
    }
}

#[cfg(test)]
mod tests;
