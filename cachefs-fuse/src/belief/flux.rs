use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::inodes::NodeId;

/// Slots, each for all nodes of one hash.
const SLOTS: usize = 1 << 16;
/// How long after a change another one is to be expected, in milliseconds.
const FLUX: u32 = 1000;
/// Stands for every node of a slot.
const ANY: u32 = 0;

/// Files whose bytes, and directories whose names, others changed a moment ago. The kernel keeps a file's length and its
/// pages apart, and gives bytes of one version the length of another while both change; who reads past its pages gets
/// both from us at once.
///
/// A slot names the one node of it that changes, or stands for all of them when several do: a busy filesystem, of which
/// only a part is mounted, tells of many changes elsewhere, and files that rest keep their pages.
#[derive(Debug)]
pub(crate) struct Flux {
    begun: Instant,
    slots: Box<[AtomicU64]>,
}

/// Who changed, and when: in milliseconds from the beginning and FLUX, around once in 49 days.
#[derive(Clone, Copy)]
struct Last {
    who: u32,
    when: u32,
}

impl Flux {
    /// Where nobody tells of changes, none are noted.
    pub(super) fn new(told: bool) -> Self {
        let slots = if told { SLOTS } else { 0 };
        Self { begun: Instant::now(), slots: (0..slots).map(|_| AtomicU64::new(0)).collect() }
    }

    /// Its bytes changed.
    pub(crate) fn note(&self, node: NodeId) {
        let Some((slot, who)) = self.slot(node) else { return };
        let when = self.now();
        let mut before = slot.load(Ordering::Relaxed);
        loop {
            let last = Last::unpack(before);
            let shared = last.who != who && last.is_recent(when);
            let next = Last { who: if shared { ANY } else { who }, when }.pack();
            match slot.compare_exchange_weak(before, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => before = now,
            }
        }
    }

    /// Whether they did so just now.
    pub(crate) fn is_changing(&self, node: NodeId) -> bool {
        self.slot(node).is_some_and(|(slot, who)| {
            let last = Last::unpack(slot.load(Ordering::Relaxed));
            last.is_recent(self.now()) && (last.who == who || last.who == ANY)
        })
    }

    #[expect(clippy::cast_possible_truncation, reason = "it goes around")]
    fn now(&self) -> u32 {
        (self.begun.elapsed().as_millis() as u32).wrapping_add(FLUX)
    }

    /// Where it is noted, and as whom.
    #[expect(clippy::cast_possible_truncation, reason = "the lower half of a hash")]
    fn slot(&self, node: NodeId) -> Option<(&AtomicU64, u32)> {
        let hash = super::hash::of(node, b"");
        let at = usize::try_from(hash >> 32).unwrap_or(0);
        self.slots.get(at % self.slots.len().max(1)).map(|slot| (slot, (hash as u32).max(ANY + 1)))
    }
}

impl Last {
    fn is_recent(self, now: u32) -> bool {
        now.wrapping_sub(self.when) < FLUX
    }

    fn pack(self) -> u64 {
        u64::from(self.who) << 32 | u64::from(self.when)
    }

    #[expect(clippy::cast_possible_truncation, reason = "its halves")]
    fn unpack(packed: u64) -> Self {
        Self { who: (packed >> 32) as u32, when: packed as u32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_changing_and_nothing_else() {
        let (flux, node) = (Flux::new(true), NodeId(7));
        assert!(!flux.is_changing(node), "not from the beginning");
        flux.note(node);
        assert!(flux.is_changing(node) && !flux.is_changing(NodeId(8)));
        let untold = Flux::new(false);
        untold.note(node);
        assert!(!untold.is_changing(node));
    }

    #[test]
    fn who_shares_a_slot_is_not_taken_for_another_unless_both_change() {
        let flux = Flux::new(true);
        let (node, _) = (NodeId(7), flux.note(NodeId(7)));
        let place = |node| flux.slot(node).map(|(slot, _)| std::ptr::from_ref(slot));
        let mut neighbours = (8..).map(NodeId).filter(|&other| place(other) == place(node));
        let (second, third) = (neighbours.next().unwrap(), neighbours.next().unwrap());
        assert!(flux.is_changing(node) && !flux.is_changing(second));
        flux.note(second);
        assert!(flux.is_changing(node) && flux.is_changing(second), "neither change is forgotten");
        assert!(flux.is_changing(third), "which costs a third one its pages for a moment");
    }
}
