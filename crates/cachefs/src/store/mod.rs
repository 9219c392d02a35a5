//! The memory store: blocks by key, in shards, under a hard limit of bytes and of entries.
//!
//! The limit of bytes covers the bytes of blocks. What a block costs beside them (its places in table, policy and
//! slots, its header) is about 300 bytes, bounded by the limit of entries.

mod all;
mod entry;
mod eviction;
mod ghost;
mod index;
mod kept;
mod limits;
mod pinning;
mod shard;

use std::fmt;

use cachefs_policy::EvictionPolicy;

pub(crate) use entry::Hit;
pub(crate) use kept::Room;
pub(crate) use limits::StoreLimits;

use self::entry::Entry;
use self::ghost::Ghost;
use self::kept::Kept;
use self::shard::{Gone, Shard};
use crate::block::{BlockKey, BufferPool, Frame, FrameMut, SizeClass};
use crate::stats::{Counter, MissReason, Stats};
use crate::sync::{Arc, AtomicUsize, Ordering};

/// Makes the eviction policy of one shard, which holds about so many bytes.
pub(crate) type PolicyFactory = dyn Fn(u64) -> Box<dyn EvictionPolicy> + Send + Sync;

/// Blocks in memory.
///
/// Each key lives in one shard, chosen by its hash. A block that is here is found, pinned and read without a lock; what
/// comes and goes does so under the short lock of its shard, around the policy. No two shards are ever locked at once,
/// and frames are dropped after the lock is released. Room is asked for before it is
/// taken, from the limit all shards share; who needs some evicts from the shards in turn.
///
/// Lock order: shard, then nothing; the pool's lists are taken with no shard locked.
pub(crate) struct Store {
    shards: Box<[Shard]>,
    pool: BufferPool,
    limits: StoreLimits,
    kept: Arc<Kept>,
    /// Entries in the shards and reserved for them; never above their limit.
    entries: AtomicUsize,
    /// The shard that the next victim is looked for in.
    hand: AtomicUsize,
    evicted: Ghost,
    stats: Stats,
}

impl Store {
    pub(crate) fn new(limits: StoreLimits, policy: &PolicyFactory, stats: Stats) -> Self {
        let shards = limits.shard_count();
        let share = (limits.bytes_max / shards) as u64;
        let kept = Arc::new(Kept::new(limits.kept(limits.bytes_max)));
        Self {
            shards: (0..shards).map(|_| Shard::new(policy(share), share, &kept)).collect(),
            pool: BufferPool::new(limits.bytes_max),
            kept,
            entries: AtomicUsize::new(0),
            hand: AtomicUsize::new(0),
            evicted: Ghost::new(limits.blocks_expected()),
            limits,
            stats,
        }
    }

    /// The block, if it is here, for as long as the caller looks at it: to be short, for nobody evicts it meanwhile. No
    /// lock where it is here and the policy takes hits late, and no allocation. Counts nothing but the first use of
    /// what was loaded ahead: whether this is a hit is for the caller to say.
    ///
    /// By a key and its hash.
    #[inline]
    pub(crate) fn hit_by(&self, hash: u64, key: &BlockKey) -> Option<Hit<'_>> {
        let (entry, used) = self.shard(hash).get(hash, key)?;
        if used {
            self.stats.add_bytes(Counter::ReadaheadUsedBytes, entry.frame.len());
        }
        Some(Hit(entry))
    }

    /// The same, by the key alone.
    pub(crate) fn hit(&self, key: &BlockKey) -> Option<Hit<'_>> {
        self.hit_by(key.hash64(), key)
    }

    /// The same, for as long as the caller likes.
    pub(crate) fn get(&self, key: &BlockKey) -> Option<Frame> {
        self.hit(key).map(|hit| hit.frame())
    }

    /// Whether the block is here; not a use of it.
    pub(crate) fn contains(&self, key: &BlockKey) -> bool {
        let hash = key.hash64();
        self.shard(hash).contains(hash, key)
    }

    /// A block of `len` bytes was asked for and is about to be loaded: who is evicted for it may depend on that.
    pub(crate) fn expect(&self, key: &BlockKey, len: usize) {
        let hash = key.hash64();
        SizeClass::of(len).into_iter().for_each(|class| self.shard(hash).expect(hash, class));
    }

    /// Memory for `len` bytes, evicting until it fits. `None` if `len` is more than a block, or than the limit, or
    /// if all memory is in use by readers and loads: the caller then goes past the cache.
    pub(crate) fn frame(&self, len: usize) -> Option<FrameMut> {
        if SizeClass::of(len)?.bytes() > self.pool.bytes_max() {
            return None;
        }
        let frame = self.evict_until(Counter::EvictedForBytes, || self.pool.take(len));
        if frame.is_none() {
            self.stats.count(Counter::AdmissionRefused);
        }
        frame
    }

    /// Puts the block in, in place of what was there under this key. False (the frame is dropped) if there is no
    /// entry to be had. The frame must come from [`Self::frame`] of this store.
    pub(crate) fn insert(&self, key: BlockKey, frame: Frame) -> bool {
        self.put(Entry::new(key, frame, false))
    }

    /// As [`Self::insert`], for what was loaded before it was asked for: counted as used by its first [`Self::get`],
    /// or as wasted when it leaves without one. `awaited` ([`crate::fill::Lead::is_awaited`]) tells that a reader has
    /// caught up with the load, which is a use, too.
    pub(crate) fn insert_ahead(&self, key: BlockKey, frame: Frame, awaited: bool) -> bool {
        self.stats.add_bytes(Counter::ReadaheadBytes, frame.len());
        if awaited {
            self.stats.add_bytes(Counter::ReadaheadUsedBytes, frame.len());
        }
        self.put(Entry::new(key, frame, !awaited))
    }

    /// Takes the block out.
    pub(crate) fn remove(&self, key: &BlockKey) -> Option<Frame> {
        let hash = key.hash64();
        let gone = self.shard(hash).remove(hash, key)?;
        self.entries.fetch_sub(1, Ordering::Relaxed);
        self.count_waste(&gone);
        Some(gone.frame)
    }

    /// Why the block is not here: evicted or never seen, as far as is remembered.
    pub(crate) fn miss_reason(&self, key: &BlockKey) -> MissReason {
        if self.evicted.contains(key.hash64()) { MissReason::Evicted } else { MissReason::Cold }
    }

    /// Bytes of memory held, by capacity: blocks, frames in use elsewhere, and what is idle for the next frame.
    pub(crate) fn bytes(&self) -> usize {
        self.pool.bytes()
    }

    /// The part of [`Self::bytes`] that is idle.
    pub(crate) fn bytes_idle(&self) -> usize {
        self.pool.bytes_idle()
    }

    /// Blocks held.
    pub(crate) fn entries(&self) -> usize {
        self.entries.load(Ordering::Relaxed)
    }

    /// The limit in bytes.
    pub(crate) fn capacity(&self) -> usize {
        self.pool.bytes_max()
    }

    /// The limit in blocks.
    pub(crate) fn entries_max(&self) -> usize {
        self.limits.entries_max
    }

    #[inline]
    fn shard(&self, hash: u64) -> &Shard {
        &self.shards[self.shard_of(hash)]
    }

    #[inline]
    fn shard_of(&self, hash: u64) -> usize {
        // The index within goes by the low bits.
        let middle = usize::try_from(hash >> 32).unwrap_or(0);
        middle & (self.shards.len() - 1)
    }

    fn put(&self, entry: Entry) -> bool {
        let hash = entry.key.hash64();
        let replaced = self.shard(hash).replace(hash, entry);
        let entry = match replaced {
            Ok(old) => {
                self.count_waste(&old);
                return true;
            }
            Err(entry) => entry,
        };
        if self.evict_until(Counter::EvictedForEntries, || self.reserve_entry()).is_none() {
            self.stats.count(Counter::AdmissionRefused);
            return false;
        }
        let replaced = self.shard(hash).insert(hash, entry);
        if let Some(old) = replaced {
            // Somebody else put the same key in meanwhile.
            self.entries.fetch_sub(1, Ordering::Relaxed);
            self.count_waste(&old);
        }
        self.evicted.forget(hash);
        true
    }

    fn count_waste(&self, left: &Gone) {
        if left.ahead {
            self.stats.add_bytes(Counter::ReadaheadWastedBytes, left.frame.len());
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("shards", &self.shards.len())
            .field("bytes", &self.bytes())
            .field("capacity", &self.capacity())
            .field("entries", &self.entries())
            .field("entries_max", &self.entries_max())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
