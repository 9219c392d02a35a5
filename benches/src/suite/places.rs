use cachefs_testkit::SplitMix64;

/// So many offsets below `end`, the same for everybody.
pub(super) fn places(count: usize, end: usize) -> Vec<u64> {
    let mut random = SplitMix64::new(3);
    (0..count).map(|_| random.next_u64() % end.max(1) as u64).collect()
}
