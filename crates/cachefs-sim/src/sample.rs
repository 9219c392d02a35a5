use crate::Tally;
use crate::hash::mix;

/// Turned into the hash by which keys are sampled, so that it says nothing of the one policies see.
const SALT: u64 = 0x5a4d_504c_4552_0001;
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
    pub fn rate(self) -> f64 {
        crate::tally::ratio(self.parts, PARTS)
    }

    pub(crate) const fn is_all(self) -> bool {
        self.parts == PARTS
    }

    pub(crate) const fn has(self, key: u64) -> bool {
        mix(key ^ SALT) % PARTS < self.parts
    }

    /// So many entries, or bytes, where all keys are looked at, are how many here: at least one.
    pub(crate) fn shrink(self, whole: u64) -> u64 {
        let small = u128::from(whole) * u128::from(self.parts) / u128::from(PARTS);
        u64::try_from(small).unwrap_or(u64::MAX).max(1)
    }

    /// How many there are in all, as far as those here tell.
    pub(crate) fn grow(self, small: u64) -> u64 {
        let whole = u128::from(small) * u128::from(PARTS) / u128::from(self.parts);
        u64::try_from(whole).unwrap_or(u64::MAX)
    }

    /// Corrects what was counted for keys so hot that it matters much whether they were sampled: as many requests as
    /// were to be expected of `all`, the difference being hits (the paper's SHARDS-adj).
    pub(crate) fn adjust(self, tally: Tally, all: u64) -> Tally {
        let expected = u64::try_from(u128::from(all) * u128::from(self.parts) / u128::from(PARTS));
        let expected = expected.unwrap_or(u64::MAX);
        let mean = tally.bytes.checked_div(tally.requests).unwrap_or(0);
        let shift = |of: u64, by: u64| {
            if expected >= tally.requests {
                of.saturating_add((expected - tally.requests).saturating_mul(by))
            } else {
                of.saturating_sub((tally.requests - expected).saturating_mul(by))
            }
        };
        Tally {
            requests: expected,
            hits: shift(tally.hits, 1),
            bytes: shift(tally.bytes, mean),
            hit_bytes: shift(tally.hit_bytes, mean),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn about_as_many_keys_are_taken_as_asked_for() {
        let sample = Sample::new(0.01).unwrap();
        let taken = (0..1_000_000).filter(|&key| sample.has(key)).count();
        assert!((9_700..10_300).contains(&taken), "{taken}");
        assert!((0..1000).all(|key| Sample::ALL.has(key)));
        assert_eq!((sample.shrink(100_001), sample.shrink(3)), (1000, 1));
        assert_eq!(Sample::ALL.shrink(12345), 12345);
    }

    #[test]
    fn a_rate_is_a_share() {
        assert!([0.0, -0.1, 1.1, f64::NAN].iter().all(|&rate| Sample::new(rate).is_none()));
        assert_eq!(Sample::new(1.0), Some(Sample::ALL));
    }

    #[test]
    fn requests_missed_by_the_sample_count_as_hits() {
        let tally = Tally { requests: 80, hits: 40, bytes: 160, hit_bytes: 80 };
        let half = Sample::new(0.5).unwrap();
        assert_eq!(half.adjust(tally, 200), Tally { requests: 100, hits: 60, bytes: 200, hit_bytes: 120 });
        assert_eq!(half.adjust(tally, 120), Tally { requests: 60, hits: 20, bytes: 120, hit_bytes: 40 });
        assert_eq!(Sample::ALL.adjust(tally, 80), tally);
    }
}
