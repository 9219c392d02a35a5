use std::fmt::Debug;

/// A place in a cache: dense numbers from 0, used again after a removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(pub u32);

impl Slot {
    /// As an index into a table.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a policy is told of an entry that comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission {
    /// A hash of the entry's key, the same each time the key comes in; what ghosts are recognised by.
    pub key_hash: u64,
    /// What the entry costs, in the unit of the capacity (bytes in the engine).
    pub weight: u32,
    /// When the entry expires, in any unit that is the same for all entries (there is no clock here: only the order
    /// counts); [`Self::NEVER`] if it does not. Only [`crate::Ttl`] looks at it.
    pub expires_at: u64,
}

impl Admission {
    /// The expiry of what does not expire.
    pub const NEVER: u64 = u64::MAX;

    /// An entry that does not expire.
    #[must_use]
    pub const fn new(key_hash: u64, weight: u32) -> Self {
        Self { key_hash, weight, expires_at: Self::NEVER }
    }
}

/// How many hits a policy that [takes them late](EvictionPolicy::takes_late_hits) tells apart at most.
pub const LATE_HITS_MAX: u8 = 3;

/// Decides which entry goes when place is needed.
///
/// A slot is known from [`Self::on_insert`] to [`Self::on_remove`]; the events in between are for known slots only.
/// The cache calls `on_remove` for every entry that leaves, the victims included: asking for a victim takes nothing
/// out, it only names one. The cache alone decides when it is full; a policy uses its capacity to cut its parts in
/// proportion. Place may be made before an insertion or after it; a policy works with both.
///
/// No event allocates but the first one of a slot number higher than all before: tables, ghosts included, grow with
/// the highest number. Each event takes constant time, amortised where the policy says so.
pub trait EvictionPolicy: Send + Debug {
    /// The entry was asked for, is not here and will come in if its load goes well: the next victims make place for
    /// it. For policies whose choice goes by who wants the place; the cache need not tell.
    fn on_coming(&mut self, _entry: Admission) {}

    /// Whether [`Self::on_coming`] does anything: a cache that shares the policy by a lock need not take it otherwise.
    fn heeds_coming(&self) -> bool {
        false
    }

    /// An entry came in at a slot that is free.
    fn on_insert(&mut self, slot: Slot, entry: Admission);

    /// The entry was used.
    fn on_hit(&mut self, slot: Slot);

    /// Whether a hit changes nothing before the entry is looked at as a victim, and no more than [`LATE_HITS_MAX`] of
    /// them count. A cache may then keep count of hits by itself, without a lock, and tell of them by [`Self::on_hit`]
    /// when [`Self::victim`] names the entry, to be asked for a victim again.
    fn takes_late_hits(&self) -> bool {
        false
    }

    /// The entry left. `evicted` tells a victim from an entry that became invalid: only the former is worth
    /// remembering in a ghost. Any known slot may be evicted, also one that was not the victim.
    fn on_remove(&mut self, slot: Slot, evicted: bool);

    /// Who goes next; `None` exactly if no slot is known. The same answer until another event comes.
    fn victim(&mut self) -> Option<Slot>;

    /// The victim cannot go now (somebody is reading it): name another one next time, if there is one. To be called
    /// only with what [`Self::victim`] named, with no event in between.
    fn on_refused(&mut self, slot: Slot);

    /// The capacity is another from now on, in the unit of the weights. Entries in excess leave by the cache's
    /// doing: it asks for victims as usual.
    fn on_resize(&mut self, capacity: u64);
}
