use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use crate::inodes::NodeId;

/// Slots, each for all nodes of one hash: who shares one with a changing file is opened past the kernel's pages, no
/// more.
const SLOTS: usize = 1 << 16;
/// How long after a change another one is to be expected, in milliseconds.
const FLUX: u32 = 1000;

/// Files whose bytes, and directories whose names, others changed a moment ago. The kernel keeps a file's length and its pages apart, and gives bytes
/// of one version the length of another while both change; who reads past its pages gets both from us at once.
#[derive(Debug)]
pub(crate) struct Flux {
    begun: Instant,
    /// When, in milliseconds from the beginning and FLUX; around once in 49 days.
    slots: Box<[AtomicU32]>,
}

impl Flux {
    /// Where nobody tells of changes, none are noted.
    pub(super) fn new(told: bool) -> Self {
        let slots = if told { SLOTS } else { 0 };
        Self { begun: Instant::now(), slots: (0..slots).map(|_| AtomicU32::new(0)).collect() }
    }

    /// Its bytes changed.
    pub(crate) fn note(&self, node: NodeId) {
        self.slot(node).into_iter().for_each(|slot| slot.store(self.now(), Ordering::Relaxed));
    }

    /// Whether they did so just now.
    pub(crate) fn is_changing(&self, node: NodeId) -> bool {
        self.slot(node).is_some_and(|slot| self.now().wrapping_sub(slot.load(Ordering::Relaxed)) < FLUX)
    }

    #[expect(clippy::cast_possible_truncation, reason = "it goes around")]
    fn now(&self) -> u32 {
        (self.begun.elapsed().as_millis() as u32).wrapping_add(FLUX)
    }

    fn slot(&self, node: NodeId) -> Option<&AtomicU32> {
        let hash = usize::try_from(super::hash::of(node, b"") >> 32).unwrap_or(0);
        self.slots.get(hash % self.slots.len().max(1))
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
}
