use crate::sync::{AtomicU32, Ordering};

/// Remembers what was evicted, approximately and in fixed memory: four bytes a place, one place per key hash, a later
/// eviction overwriting an earlier one at the same place. Forgetting early makes an evicted block look cold; two keys
/// being taken for each other (one in 2^32 at the same place) makes a cold one look evicted.
#[derive(Debug)]
pub(super) struct Ghost {
    /// Fingerprints; 0 for none.
    places: Box<[AtomicU32]>,
}

impl Ghost {
    const PLACES_MIN: usize = 1024;
    const PLACES_MAX: usize = 1 << 20;

    /// For a store of that many blocks: room for at least four times as many evictions, within 4 KiB to 4 MiB.
    pub(super) fn new(blocks: usize) -> Self {
        let places = blocks.saturating_mul(4).clamp(Self::PLACES_MIN, Self::PLACES_MAX).next_power_of_two();
        Self { places: (0..places).map(|_| AtomicU32::new(0)).collect() }
    }

    pub(super) fn remember(&self, hash: u64) {
        self.place(hash).store(fingerprint(hash), Ordering::Relaxed);
    }

    pub(super) fn forget(&self, hash: u64) {
        if self.contains(hash) {
            self.place(hash).store(0, Ordering::Relaxed);
        }
    }

    pub(super) fn contains(&self, hash: u64) -> bool {
        self.place(hash).load(Ordering::Relaxed) == fingerprint(hash)
    }

    fn place(&self, hash: u64) -> &AtomicU32 {
        let low = usize::try_from(hash & 0xFFFF_FFFF).unwrap_or(0);
        &self.places[low & (self.places.len() - 1)]
    }
}

fn fingerprint(hash: u64) -> u32 {
    u32::try_from(hash >> 32).unwrap_or(0).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_until_told_otherwise() {
        let ghost = Ghost::new(0);
        let hash = 0x1234_5678_9ABC_DEF0;
        assert!(!ghost.contains(hash));
        ghost.remember(hash);
        assert!(ghost.contains(hash));
        assert!(!ghost.contains(hash ^ (1 << 40)), "same place, another key");
        ghost.forget(hash ^ (1 << 40));
        assert!(ghost.contains(hash), "the other key was not there to forget");
        ghost.forget(hash);
        assert!(!ghost.contains(hash));
    }

    #[test]
    fn most_of_as_many_evictions_as_there_are_blocks_are_remembered() {
        let ghost = Ghost::new(10_000);
        let hashes: Vec<u64> =
            (1..=10_000_u64).map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15).swap_bytes()).collect();
        hashes.iter().for_each(|&hash| ghost.remember(hash));
        let kept = hashes.iter().filter(|&&hash| ghost.contains(hash)).count();
        assert!(kept > 8_000, "{kept}");
    }
}
