mod keep;

use cachefs_policy::{Admission, Ahead, EvictionPolicy, Slot};
use cachefs_sys::{Pinned, Places};

use super::entry::Entry;
use super::index::Index;
use super::kept::Kept;
use crate::block::{BlockKey, Frame, SizeClass};
use crate::sync::{Arc, Mutex};

/// A block that left the store.
#[derive(Debug)]
pub(super) struct Gone {
    pub(super) hash: u64,
    pub(super) frame: Frame,
    /// Loaded ahead, and never read.
    pub(super) ahead: bool,
}

/// A part of the store. What is here is found without a lock; what comes and goes does so under one. What leaves is
/// handed out, for the caller to drop without the lock.
#[derive(Debug)]
pub(super) struct Shard {
    index: Index,
    entries: Places<Entry>,
    order: Mutex<Order>,
    kept: Arc<Kept>,
    /// The policy need not be told of a hit before it names the block as a victim.
    late: bool,
    /// The policy wants to know who comes.
    expects: bool,
}

/// What the lock of a shard is for.
#[derive(Debug)]
struct Order {
    policy: Ahead,
    /// Slots without an entry, but some may still be seen by who found the last one there.
    free: Vec<Slot>,
    /// Slots there are.
    slots: u32,
}

impl Shard {
    /// How many victims may turn out to be in use before the shard is passed over.
    const REFUSALS_MAX: usize = 8;

    /// With a policy for about so many bytes.
    pub(super) fn new(policy: Box<dyn EvictionPolicy>, capacity: u64, kept: &Arc<Kept>) -> Self {
        let (late, expects) = (policy.takes_late_hits(), policy.heeds_coming());
        let policy = Ahead::new(policy, capacity);
        let order = Mutex::new(Order { policy, free: Vec::new(), slots: 0 });
        let (index, entries) = (Index::new(), Places::new());
        Self { index, entries, order, kept: Arc::clone(kept), late, expects }
    }

    /// The block, and whether this is the first use of one that was loaded ahead.
    #[inline]
    pub(super) fn get(&self, hash: u64, key: &BlockKey) -> Option<(Pinned<'_, Entry>, bool)> {
        let (slot, entry) = self.find(hash, key).or_else(|| self.find_locked(hash, key))?;
        let used = entry.use_ahead();
        // A first use cannot be told late: the block would go on waiting for it.
        if self.late && !used {
            entry.note_hit();
        } else {
            self.tell_hit(slot, &entry);
        }
        Some((entry, used))
    }

    pub(super) fn contains(&self, hash: u64, key: &BlockKey) -> bool {
        self.find(hash, key).is_some() || self.find_locked(hash, key).is_some()
    }

    /// A block of this size will come in, if its load goes well.
    pub(super) fn expect(&self, hash: u64, class: SizeClass) {
        if self.expects {
            self.order.lock().policy.on_coming(admission(hash, class));
        }
    }

    /// The length of the block, if it is here; not a use of it.
    pub(super) fn len_of(&self, hash: u64, key: &BlockKey) -> Option<usize> {
        let (_, entry) = self.find(hash, key).or_else(|| self.find_locked(hash, key))?;
        Some(entry.frame.len())
    }

    /// Looks at all entries.
    pub(super) fn each(&self, mut look: impl FnMut(&Entry)) {
        let slots = self.order.lock().slots;
        (0..slots).filter_map(|slot| self.entries.pin(slot)).for_each(|entry| look(&entry));
    }

    /// The capacity is another from now on.
    pub(super) fn resize(&self, capacity: u64) {
        self.order.lock().policy.on_resize(capacity);
    }

    /// Puts the entry in place of the one with its key; gives it back if there is none.
    pub(super) fn replace(&self, hash: u64, entry: Entry) -> Result<Gone, Entry> {
        let mut order = self.order.lock();
        let Some(found) = self.find(hash, &entry.key) else { return Err(entry) };
        let old = self.take_out(&mut order, hash, &found);
        drop(found);
        self.put(&mut order, hash, entry);
        Ok(old)
    }

    /// Puts the entry in. Answers the one that had its key.
    pub(super) fn insert(&self, hash: u64, entry: Entry) -> Option<Gone> {
        let mut order = self.order.lock();
        let old = self.find(hash, &entry.key).map(|found| self.take_out(&mut order, hash, &found));
        self.put(&mut order, hash, entry);
        old
    }

    pub(super) fn remove(&self, hash: u64, key: &BlockKey) -> Option<Gone> {
        let mut order = self.order.lock();
        let found = self.find(hash, key)?;
        Some(self.take_out(&mut order, hash, &found))
    }

    /// The same for many, in one go.
    pub(super) fn remove_those<'a>(&self, keys: impl Iterator<Item = (u64, &'a BlockKey)>) -> Vec<Gone> {
        let mut order = self.order.lock();
        keys.filter_map(|(hash, key)| {
            let found = self.find(hash, key)?;
            Some(self.take_out(&mut order, hash, &found))
        })
        .collect()
    }

    /// Takes out the policy's first victim that nobody is reading.
    pub(super) fn evict(&self) -> Option<Gone> {
        let mut order = self.order.lock();
        for _ in 0..Self::REFUSALS_MAX {
            let slot = self.victim(&mut order)?;
            let Some(entry) = self.take_unread(slot) else {
                order.policy.on_refused(slot);
                continue;
            };
            let hash = entry.key.hash64();
            self.index.remove(hash, slot);
            order.policy.on_remove(slot, true);
            order.free.push(slot);
            return Some(Gone { hash, ahead: entry.is_ahead(), frame: entry.frame });
        }
        None
    }

    /// Takes out all entries with a key that is doomed.
    pub(super) fn remove_all(&self, doomed: impl Fn(&BlockKey) -> bool) -> Vec<Gone> {
        let mut order = self.order.lock();
        let mut gone = Vec::new();
        for slot in (0..order.slots).map(Slot) {
            if let Some(entry) = self.entries.pin(slot.0).filter(|entry| doomed(&entry.key)) {
                gone.push(self.take_out(&mut order, entry.key.hash64(), &(slot, entry)));
            }
        }
        gone
    }

    #[inline]
    fn find(&self, hash: u64, key: &BlockKey) -> Option<(Slot, Pinned<'_, Entry>)> {
        self.index.find(hash, |slot| {
            let entry = self.entries.pin(slot.0)?;
            (entry.key == *key).then_some((slot, entry))
        })
    }

    /// What is being moved is missed by who has no lock.
    #[cold]
    fn find_locked(&self, hash: u64, key: &BlockKey) -> Option<(Slot, Pinned<'_, Entry>)> {
        let _order = self.order.lock();
        self.find(hash, key)
    }

    fn tell_hit(&self, slot: Slot, entry: &Pinned<'_, Entry>) {
        let mut order = self.order.lock();
        // It may have left meanwhile; its slot is used again only when nobody has it pinned.
        if !entry.is_retired() && !entry.is_kept() {
            order.policy.on_hit(slot);
        }
    }

    /// The victim of a policy that knows of all hits.
    fn victim(&self, order: &mut Order) -> Option<Slot> {
        let mut named = order.policy.victim()?;
        // Each entry is passed over for what it has of hits, and then had its turn.
        for _ in 0..=order.slots {
            let hits = self.entries.pin(named.0).map_or(0, |entry| entry.take_hits());
            if hits == 0 {
                break;
            }
            (0..hits).for_each(|_| order.policy.on_hit(named));
            named = order.policy.victim()?;
        }
        Some(named)
    }

    /// The entry, if nobody is reading it nor has its frame.
    fn take_unread(&self, slot: Slot) -> Option<Entry> {
        let entry = self.entries.take(slot.0)?;
        // Clones are made by who has pinned the entry, or from one that already counts.
        if !entry.frame.is_pinned() {
            return Some(entry);
        }
        self.keep(slot, entry);
        None
    }

    fn take_out(&self, order: &mut Order, hash: u64, (slot, entry): &(Slot, Pinned<'_, Entry>)) -> Gone {
        self.index.remove(hash, *slot);
        self.dismiss(order, *slot, entry);
        order.free.push(*slot);
        entry.retire();
        Gone { hash, frame: entry.frame.clone(), ahead: entry.is_ahead() }
    }

    fn put(&self, order: &mut Order, hash: u64, entry: Entry) {
        let slot = self.take_slot(order);
        self.admit(order, slot, hash, &entry);
        self.keep(slot, entry);
        self.index.insert(hash, slot);
    }

    fn keep(&self, slot: Slot, entry: Entry) {
        let kept = self.entries.put(slot.0, entry);
        debug_assert!(kept.is_ok(), "a slot is given to one entry");
    }

    fn take_slot(&self, order: &mut Order) -> Slot {
        // Those that are not free yet are as many as there are readers at most.
        if let Some(at) = order.free.iter().rposition(|slot| self.entries.is_free(slot.0)) {
            return order.free.swap_remove(at);
        }
        let slot = Slot(order.slots);
        self.entries.grow_to(slot.0);
        order.slots += 1;
        slot
    }
}

fn admission(hash: u64, class: SizeClass) -> Admission {
    Admission::new(hash, u32::try_from(class.bytes()).unwrap_or(u32::MAX))
}
