use cachefs_policy::{Admission, EvictionPolicy, Slot};
use hashbrown::HashTable;

use crate::block::{BlockKey, Frame};

/// A block in the store.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: BlockKey,
    pub(super) frame: Frame,
    /// Loaded ahead, and not read yet.
    pub(super) ahead: bool,
}

/// A victim.
#[derive(Debug)]
pub(super) struct Evicted {
    pub(super) hash: u64,
    pub(super) entry: Entry,
}

/// A part of the store. What leaves it is handed out, for the caller to drop without the lock.
#[derive(Debug)]
pub(super) struct Shard {
    /// Slots by key.
    table: HashTable<Slot>,
    /// Entries by slot; `None` exactly for those in `free`.
    slots: Vec<Option<Entry>>,
    free: Vec<Slot>,
    policy: Box<dyn EvictionPolicy>,
}

impl Shard {
    /// How many victims may turn out to be in use before the shard is passed over.
    const REFUSALS_MAX: usize = 8;

    pub(super) fn new(policy: Box<dyn EvictionPolicy>) -> Self {
        Self { table: HashTable::new(), slots: Vec::new(), free: Vec::new(), policy }
    }

    /// The block, and whether this is the first use of one that was loaded ahead.
    pub(super) fn get(&mut self, hash: u64, key: &BlockKey) -> Option<(Frame, bool)> {
        let slot = self.find(hash, key)?;
        self.policy.on_hit(slot);
        let entry = self.slots[slot.index()].as_mut()?;
        Some((entry.frame.clone(), std::mem::take(&mut entry.ahead)))
    }

    pub(super) fn contains(&self, hash: u64, key: &BlockKey) -> bool {
        self.find(hash, key).is_some()
    }

    /// Puts the entry in place of the one with its key; gives it back if there is none.
    pub(super) fn replace(&mut self, hash: u64, entry: Entry) -> Result<Entry, Entry> {
        let Some(slot) = self.find(hash, &entry.key) else { return Err(entry) };
        // Out and in again: the weight may be another.
        self.policy.on_remove(slot, false);
        self.policy.on_insert(slot, admission(hash, &entry));
        self.slots[slot.index()].replace(entry).map_or_else(|| unreachable!("found by its key"), Ok)
    }

    /// Puts the entry in. Answers the one that had its key.
    pub(super) fn insert(&mut self, hash: u64, entry: Entry) -> Option<Entry> {
        let entry = match self.replace(hash, entry) {
            Ok(old) => return Some(old),
            Err(entry) => entry,
        };
        let slot = self.take_slot();
        self.policy.on_insert(slot, admission(hash, &entry));
        self.slots[slot.index()] = Some(entry);
        let slots = &self.slots;
        self.table.insert_unique(hash, slot, |slot| {
            slots[slot.index()].as_ref().map_or(0, |entry| entry.key.hash64())
        });
        None
    }

    pub(super) fn remove(&mut self, hash: u64, key: &BlockKey) -> Option<Entry> {
        let slot = self.find(hash, key)?;
        self.take(hash, slot, false)
    }

    /// Takes out the policy's first victim that nobody is reading.
    pub(super) fn evict(&mut self) -> Option<Evicted> {
        for _ in 0..Self::REFUSALS_MAX {
            let slot = self.policy.victim()?;
            let entry = self.slots[slot.index()].as_ref()?;
            // Clones are made under this lock only, or from one that already pins.
            if entry.frame.is_pinned() {
                self.policy.on_refused(slot);
                continue;
            }
            let hash = entry.key.hash64();
            return self.take(hash, slot, true).map(|entry| Evicted { hash, entry });
        }
        None
    }

    /// Takes out all entries with a key that is doomed.
    pub(super) fn remove_all(&mut self, doomed: impl Fn(&BlockKey) -> bool) -> Vec<Entry> {
        let hits = self.slots.iter().flatten().filter(|entry| doomed(&entry.key));
        let keys: Vec<BlockKey> = hits.map(|entry| entry.key).collect();
        keys.iter().filter_map(|key| self.remove(key.hash64(), key)).collect()
    }

    fn find(&self, hash: u64, key: &BlockKey) -> Option<Slot> {
        let same = |slot: &Slot| self.slots[slot.index()].as_ref().is_some_and(|entry| entry.key == *key);
        self.table.find(hash, same).copied()
    }

    fn take(&mut self, hash: u64, slot: Slot, evicted: bool) -> Option<Entry> {
        if let Ok(place) = self.table.find_entry(hash, |&other| other == slot) {
            place.remove();
        }
        self.policy.on_remove(slot, evicted);
        self.free.push(slot);
        self.slots[slot.index()].take()
    }

    fn take_slot(&mut self) -> Slot {
        self.free.pop().unwrap_or_else(|| {
            let number =
                u32::try_from(self.slots.len()).unwrap_or_else(|_| unreachable!("memory ends before u32"));
            self.slots.push(None);
            Slot(number)
        })
    }
}

fn admission(hash: u64, entry: &Entry) -> Admission {
    Admission::new(hash, u32::try_from(entry.frame.class().bytes()).unwrap_or(u32::MAX))
}
