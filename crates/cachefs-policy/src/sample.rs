/// Rates are multiples of its inverse.
const PARTS: u64 = 1 << 24;

/// Which keys are looked at: all accesses of a share of them, with caches smaller by the same share (Waldspurger, Park,
/// Garthwaite, Ahmad, "Efficient MRC construction with SHARDS", FAST 2015; for any policy: Waldspurger, Saemundsson,
/// Ahmad, Park, "Cache modeling and optimization using miniature simulations", USENIX ATC 2017).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    parts: u64,
}

impl Sample {
    /// All keys.
    pub const ALL: Self = Self { parts: PARTS };
    /// A curve over fewer sampled keys than this is rough.
    pub const KEYS_MIN: u64 = 2500;

    /// This share of the keys; `None` unless more than 0 and at most 1.
    #[must_use]
    pub fn new(rate: f64) -> Option<Self> {
        if !(rate > 0.0 && rate <= 1.0) {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "between 0 and 2^24"
        )]
        let parts = (rate * PARTS as f64).round() as u64;
        Some(Self { parts: parts.max(1) })
    }

    /// The share of the keys, more than 0, at most 1.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "at most 2^24")]
    pub fn rate(self) -> f64 {
        self.parts as f64 / PARTS as f64
    }

    /// Whether these are all keys.
    #[must_use]
    pub const fn is_all(self) -> bool {
        self.parts == PARTS
    }

    /// Of 2^24 values of a hash, how many are in the sample: those whose lower 24 bits are below this.
    #[must_use]
    pub const fn parts(self) -> u64 {
        self.parts
    }

    /// Whether the key of this hash is looked at: by its lower 24 bits.
    #[must_use]
    pub const fn takes(self, hash: u64) -> bool {
        hash % PARTS < self.parts
    }

    /// So many entries, or bytes, where all keys are looked at, are how many here: at least one.
    #[must_use]
    pub fn shrink(self, whole: u64) -> u64 {
        let small = u128::from(whole) * u128::from(self.parts) / u128::from(PARTS);
        u64::try_from(small).unwrap_or(u64::MAX).max(1)
    }

    /// How many there are in all, as far as those here tell.
    #[must_use]
    pub fn grow(self, small: u64) -> u64 {
        let whole = u128::from(small) * u128::from(PARTS) / u128::from(self.parts);
        u64::try_from(whole).unwrap_or(u64::MAX)
    }

    /// Three quarters of it.
    pub(crate) const fn less(self) -> Self {
        let parts = self.parts / 4 * 3;
        Self { parts: if parts == 0 { 1 } else { parts } }
    }

    /// Four thirds of it, but no more than all.
    pub(crate) const fn more(self) -> Self {
        let parts = (self.parts * 4).div_ceil(3);
        Self { parts: if parts > PARTS { PARTS } else { parts } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_share() {
        assert!([0.0, -0.1, 1.1, f64::NAN].iter().all(|&rate| Sample::new(rate).is_none()));
        assert_eq!(Sample::new(1.0), Some(Sample::ALL));
        let sample = Sample::new(0.01).unwrap();
        assert_eq!((sample.shrink(100_001), sample.shrink(3)), (1000, 1));
        assert_eq!(Sample::ALL.shrink(12345), 12345);
    }

    #[test]
    fn what_was_in_a_smaller_sample_is_in_a_larger_one() {
        let mut sample = Sample::ALL;
        while sample.parts > 1 {
            let less = sample.less();
            assert!((0..1000_u64).map(crate::mix::mix).all(|hash| !less.takes(hash) || sample.takes(hash)));
            assert!(less.more().parts + 4 >= sample.parts && less.parts < sample.parts);
            sample = less;
        }
        assert!(Sample::ALL.more().is_all() && Sample::ALL.takes(u64::MAX));
    }
}
