use std::sync::atomic::{AtomicU64, Ordering};

/// A supply of something countable with a hard limit.
#[derive(Debug)]
pub(super) struct Quota {
    used: AtomicU64,
    limit: u64,
}

impl Quota {
    pub(super) fn new(limit: u64) -> Self {
        Self { used: AtomicU64::new(0), limit }
    }

    pub(super) fn limit(&self) -> u64 {
        self.limit
    }

    /// What is left of the limit, or of `at_most` where that is less.
    pub(super) fn free_of(&self, at_most: u64) -> u64 {
        self.limit.min(at_most).saturating_sub(self.used.load(Ordering::Relaxed))
    }

    /// Takes as much of `wanted` as there is. Answers how much.
    pub(super) fn take_some(&self, wanted: u64) -> u64 {
        let mut taken = 0;
        self.update(|used| {
            taken = wanted.min(self.limit.saturating_sub(used));
            Some(used + taken)
        });
        taken
    }

    /// Takes `wanted`, or nothing and answers false.
    pub(super) fn take(&self, wanted: u64) -> bool {
        self.update(|used| used.checked_add(wanted).filter(|&sum| sum <= self.limit))
    }

    /// Gives back what was taken.
    pub(super) fn give(&self, amount: u64) {
        self.used.fetch_sub(amount, Ordering::Relaxed);
    }

    fn update(&self, next: impl FnMut(u64) -> Option<u64>) -> bool {
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_hands_out_more_than_it_has() {
        let quota = Quota::new(10);
        assert!(quota.take(7));
        assert!(!quota.take(4));
        assert_eq!(quota.take_some(4), 3);
        assert_eq!(quota.take_some(1), 0);
        quota.give(10);
        assert_eq!(quota.free_of(100), 10);
        assert!(!Quota::new(u64::MAX).take(0) || Quota::new(u64::MAX).take(u64::MAX));
    }
}
