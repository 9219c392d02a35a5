use std::hash::{Hash, Hasher};

use cachefs_vfs::FileId;

use super::BLOCK_BYTES;

/// The number of a block within its file, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct BlockIndex(pub(crate) u64);

impl BlockIndex {
    /// The block that holds the byte at `offset`.
    pub(crate) const fn of(offset: u64) -> Self {
        Self(offset / BLOCK_BYTES)
    }

    /// The offset of its first byte in the file.
    pub(crate) const fn offset(self) -> u64 {
        self.0 * BLOCK_BYTES
    }

    pub(crate) const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// Counts the states of a file that are not ours: a foreign change begins a new one, and the blocks of the one before
/// can no longer be found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Generation(pub(crate) u64);

/// Which bytes a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockKey {
    pub(crate) file: FileId,
    pub(crate) generation: Generation,
    pub(crate) index: BlockIndex,
}

impl BlockKey {
    /// The one hash of the key that shard, table, policy and ghost all take their bits from. Five words through
    /// three 64x64 -> 128 bit multiplications, high half folded onto the low one (the step wyhash and foldhash are
    /// built of): every input bit reaches every output bit. Unseeded, so equal in every run: who can choose inode
    /// numbers could make one table slow, which is a worse cache for himself and nothing more.
    pub(crate) fn hash64(&self) -> u64 {
        const SALT: [u64; 5] = [
            0x9E37_79B9_7F4A_7C15,
            0xC2B2_AE3D_27D4_EB4F,
            0x1656_67B1_9E37_79F9,
            0xD6E8_FEB8_6659_FD93,
            0xA076_1D64_78BD_642F,
        ];
        let place = fold(self.file.inode ^ SALT[0], self.index.0 ^ SALT[1]);
        let state = fold(self.file.device ^ SALT[2], self.file.generation ^ SALT[3]);
        fold(place ^ self.generation.0.wrapping_mul(SALT[4]), state ^ SALT[4])
    }
}

impl Hash for BlockKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash64());
    }
}

/// A step of hashing: two words become one, and every bit of both counts.
#[expect(clippy::cast_possible_truncation, reason = "both halves are taken, one after the other")]
#[inline]
pub(crate) const fn fold(a: u64, b: u64) -> u64 {
    let product = (a as u128) * (b as u128);
    (product as u64) ^ ((product >> 64) as u64)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn key(inode: u64, generation: u64, index: u64) -> BlockKey {
        BlockKey {
            file: FileId { device: 2049, inode, generation: 7 },
            generation: Generation(generation),
            index: BlockIndex(index),
        }
    }

    #[test]
    fn neighbouring_keys_spread_over_all_bits_in_use() {
        let hashes: Vec<u64> = (0..64)
            .flat_map(|inode| {
                (0..4).flat_map(move |age| (0..64).map(move |index| key(inode, age, index).hash64()))
            })
            .collect();
        assert_eq!(hashes.iter().collect::<HashSet<_>>().len(), hashes.len());
        // Low bits choose the bucket, bits from 32 the shard, the top seven the tag.
        for shift in [0, 32, 57] {
            let mut counts = [0_u32; 128];
            hashes.iter().for_each(|hash| counts[usize::try_from(hash >> shift & 127).expect("small")] += 1);
            let mean = u32::try_from(hashes.len() / 128).expect("small");
            assert!(counts.iter().all(|&count| count > mean / 2 && count < mean * 2), "{shift}: {counts:?}");
        }
    }
}
