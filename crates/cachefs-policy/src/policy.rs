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
    /// What the entry costs, in bytes.
    pub weight: u32,
}

/// Decides which entry goes when place is needed.
///
/// A slot is known from [`Self::on_insert`] to [`Self::on_remove`]. The cache calls `on_remove` for every entry that
/// leaves, the victims included: asking for a victim takes nothing out, it only names one. No event allocates but
/// the first one of a slot number higher than all before.
pub trait EvictionPolicy: Send + Debug {
    /// An entry came in at a slot that is free.
    fn on_insert(&mut self, slot: Slot, entry: Admission);

    /// The entry was used.
    fn on_hit(&mut self, slot: Slot);

    /// The entry left. `evicted` tells a victim from an entry that became invalid: only the former is worth
    /// remembering in a ghost.
    fn on_remove(&mut self, slot: Slot, evicted: bool);

    /// Who goes next; `None` if there is nobody. The same answer until another event comes.
    fn victim(&mut self) -> Option<Slot>;

    /// The victim cannot go now (somebody is reading it): name another one next time, if there is one.
    fn on_refused(&mut self, slot: Slot);
}
