//! One hash for names in directories, the same for all tables that need one.

use crate::inodes::NodeId;

/// Of a name in a directory.
pub(crate) fn of(dir: NodeId, name: &[u8]) -> u64 {
    let seed = mix(dir.0 ^ 0x9e37_79b9_7f4a_7c15);
    let whole = name.chunks(8).fold(seed, |hash, chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        mix(hash ^ u64::from_le_bytes(word))
    });
    mix(whole ^ name.len() as u64)
}

/// Each bit of the input moves about half of those of the output.
fn mix(value: u64) -> u64 {
    let wide = u128::from(value ^ 0x2d35_8dcc_aa6c_78a5) * 0x8bb8_4b93_962e_acc9_u128;
    let low = u64::try_from(wide & u128::from(u64::MAX)).unwrap_or(0);
    low ^ u64::try_from(wide >> 64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_little_lie_far_apart() {
        let mut seen: Vec<_> = (0..100_000_u32)
            .map(|n| of(NodeId(u64::from(n % 10)), format!("name-{}", n / 10).as_bytes()) >> 48)
            .collect();
        seen.sort_unstable();
        seen.dedup();
        // 65,536 slots, 100,000 throws: about 51,000 are hit by chance.
        assert!((48_000..54_000).contains(&seen.len()), "{} slots", seen.len());
        assert_ne!(of(NodeId(1), b"a"), of(NodeId(1), b"a\0"), "padding must not make two names one");
    }
}
