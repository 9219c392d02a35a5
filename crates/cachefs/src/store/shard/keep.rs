use cachefs_policy::Slot;

use super::{Order, Shard, admission};
use crate::block::BlockKey;
use crate::store::entry::Entry;

/// Blocks that are kept ([`crate::store::kept`]) and the others: the policy knows of the latter only.
impl Shard {
    /// Keeps the block, if it is here and there is room for it.
    pub(in crate::store) fn keep_one(&self, hash: u64, key: &BlockKey) {
        let mut order = self.order.lock();
        let Some((slot, entry)) = self.find(hash, key).filter(|(_, entry)| !entry.is_kept()) else { return };
        if self.kept.charge(key.file, entry.frame.class()) {
            order.policy.on_remove(slot, false);
            entry.set_kept(true);
        }
    }

    /// Makes blocks like all others of those that were kept and are in excess.
    pub(in crate::store) fn let_go(&self) {
        let mut order = self.order.lock();
        for slot in (0..order.slots).map(Slot) {
            let Some(entry) = self.entries.pin(slot.0).filter(|entry| entry.is_kept()) else { continue };
            let file = entry.key.file;
            if self.kept.is_excess(file) {
                self.kept.discharge(file, entry.frame.class());
                entry.set_kept(false);
                Self::tell_insert(&mut order, slot, entry.key.hash64(), &entry);
            }
        }
    }

    /// The entry comes into the slot.
    pub(super) fn admit(&self, order: &mut Order, slot: Slot, hash: u64, entry: &Entry) {
        if self.kept.charge(entry.key.file, entry.frame.class()) {
            entry.set_kept(true);
        } else {
            Self::tell_insert(order, slot, hash, entry);
        }
    }

    /// The entry leaves the slot, not as a victim.
    pub(super) fn dismiss(&self, order: &mut Order, slot: Slot, entry: &Entry) {
        if entry.is_kept() {
            self.kept.discharge(entry.key.file, entry.frame.class());
        } else {
            order.policy.on_remove(slot, false);
        }
    }

    fn tell_insert(order: &mut Order, slot: Slot, hash: u64, entry: &Entry) {
        let admission = admission(hash, entry.frame.class());
        if entry.is_ahead() {
            order.policy.on_insert_ahead(slot, admission);
        } else {
            order.policy.on_insert(slot, admission);
        }
    }
}
