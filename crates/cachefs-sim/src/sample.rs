use cachefs_policy::Sample;

use crate::Tally;
use crate::hash::mix;

/// Turned into the hash by which keys are sampled, so that it says nothing of the one policies see.
const SALT: u64 = 0x5a4d_504c_4552_0001;

/// Whether all accesses of this key are looked at.
pub(crate) const fn has(sample: Sample, key: u64) -> bool {
    sample.takes(mix(key ^ SALT))
}

/// Corrects what was counted for keys so hot that it matters much whether they were sampled: as many requests as
/// were to be expected of `all`, the difference being hits (the paper's SHARDS-adj).
pub(crate) fn adjust(sample: Sample, tally: Tally, all: u64) -> Tally {
    let expected = if all == 0 { 0 } else { sample.shrink(all) };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn about_as_many_keys_are_taken_as_asked_for() {
        let sample = Sample::new(0.01).unwrap();
        let taken = (0..1_000_000).filter(|&key| has(sample, key)).count();
        assert!((9_700..10_300).contains(&taken), "{taken}");
        assert!((0..1000).all(|key| has(Sample::ALL, key)));
    }

    #[test]
    fn requests_missed_by_the_sample_count_as_hits() {
        let tally = Tally { requests: 80, hits: 40, bytes: 160, hit_bytes: 80 };
        let half = Sample::new(0.5).unwrap();
        assert_eq!(adjust(half, tally, 200), Tally { requests: 100, hits: 60, bytes: 200, hit_bytes: 120 });
        assert_eq!(adjust(half, tally, 120), Tally { requests: 60, hits: 20, bytes: 120, hit_bytes: 40 });
        assert_eq!(adjust(Sample::ALL, tally, 80), tally);
    }
}
