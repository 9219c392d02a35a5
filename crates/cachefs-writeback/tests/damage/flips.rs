use cachefs_testkit::SplitMix64;

use crate::written::{BLOCK, Written, segments, told};

/// One bit, anywhere: at most one record is lost, and then that is told.
#[test]
fn a_flipped_bit_costs_one_write_at_most_and_is_told() {
    let mut rng = SplitMix64::new(1);
    let (mut unharmed, mut harmed) = (0, 0);
    for seed in 0..400 {
        let written = Written::new(seed, 3, 40);
        let segment = segments(&written.world).pop().unwrap();
        let (mut at, mut last) = (0, 0);
        written.spoil(&segment, |bytes| {
            let used = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(0) + 1;
            last = used - BLOCK - 128;
            at = usize::try_from(rng.below(used as u64)).unwrap();
            bytes[at] ^= 1 << rng.below(8);
        });
        let what = format!("seed {seed}, byte {at}");
        if at < 256 {
            // The head of a segment: a matter of the journal's own tests.
            continue;
        }
        let (missing, replayed) = written.missing(&what);
        let (bytes, records) = told(&replayed);
        assert!(missing <= 1, "{what}: {missing} blocks are missing, told {replayed:?}");
        assert!(bytes == 0 || bytes == BLOCK as u64, "{what}: {replayed:?}");
        // The last record of all cannot be told from one that was being written.
        assert!(missing == 0 || bytes + records > 0 || at > last, "{what}: not told: {replayed:?}");
        if missing == 0 { unharmed += 1 } else { harmed += 1 }
    }
    assert!(unharmed > 20 && harmed > 20, "{unharmed} unharmed, {harmed} harmed: the test reaches both");
}

/// A sector that reads as zeros.
#[test]
fn a_lost_sector_takes_only_what_lay_in_it() {
    let mut rng = SplitMix64::new(2);
    for seed in 0..100 {
        let written = Written::new(seed, 3, 60);
        let segment = segments(&written.world).pop().unwrap();
        let mut from = 0;
        written.spoil(&segment, |bytes| {
            let used = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(0) + 1;
            from = 4096 * (1 + usize::try_from(rng.below(used as u64 / 4096 - 2)).unwrap());
            bytes[from..from + 4096].fill(0);
        });
        let what = format!("seed {seed}, from {from}");
        let (missing, replayed) = written.missing(&what);
        let (bytes, records) = told(&replayed);
        assert!(missing <= 9, "{what}: {missing} blocks are missing: {replayed:?}");
        assert!(bytes + records > 0, "{what}: {replayed:?}");
    }
}
