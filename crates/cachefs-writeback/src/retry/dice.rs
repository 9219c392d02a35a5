use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use crate::sync::{AtomicU64, Ordering};

/// Chance, for what need not be unpredictable. Any number of threads.
#[derive(Debug)]
pub(crate) struct Dice(AtomicU64);

impl Dice {
    /// Other numbers each time.
    pub(crate) fn new() -> Self {
        Self::seeded(RandomState::new().hash_one(0))
    }

    /// The same numbers for the same seed.
    pub(crate) const fn seeded(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// The next number (splitmix64).
    pub(crate) fn roll(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut number = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    }

    /// Any part of `whole`, but never all of it.
    pub(crate) fn share_of(&self, whole: Duration) -> Duration {
        let nanos = (whole.as_nanos() * u128::from(self.roll())) >> 64;
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}
