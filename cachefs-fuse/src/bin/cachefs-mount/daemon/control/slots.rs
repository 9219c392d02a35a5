use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Places for those who do something that may take long.
#[derive(Clone, Debug, Default)]
pub(in crate::daemon) struct Slots(Arc<AtomicUsize>);

/// One of them, until it is dropped.
#[derive(Debug)]
pub(super) struct Slot(Slots);

impl Slots {
    /// Takes one; `None` if `most` are taken.
    pub(super) fn enter(&self, most: usize) -> Option<Slot> {
        let one_more = |taken| (taken < most).then_some(taken + 1);
        let entered = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more);
        entered.ok().map(|_| Slot(self.clone()))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let Self(Slots(taken)) = self;
        taken.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_as_are_said() {
        let slots = Slots::default();
        let (one, two) = (slots.enter(2), slots.enter(2));
        assert!(one.is_some() && two.is_some() && slots.enter(2).is_none());
        drop(one);
        assert!(slots.enter(2).is_some());
    }
}
