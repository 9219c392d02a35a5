use std::ops::{Add, AddAssign, Sub, SubAssign};

/// Memory of one extent, in bytes, at most: with what its map takes for it when that is as sparse as it gets.
pub(crate) const EXTENT_MEMORY: u64 = 192;

/// Extents that one write may add: itself, and what it leaves behind of one that it splits.
const WRITE_MAX: u64 = 2;

/// What dirty bytes take of what is limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Weight {
    /// Bytes.
    pub(crate) bytes: u64,
    /// Extents, which take memory however few their bytes are.
    pub(crate) extents: u64,
}

impl Weight {
    /// What a write of `bytes` adds at most.
    pub(crate) const fn of_write(bytes: u64) -> Self {
        Self { bytes, extents: WRITE_MAX }
    }

    /// Bytes of memory that the extents take.
    pub(crate) const fn memory(self) -> u64 {
        self.extents.saturating_mul(EXTENT_MEMORY)
    }

    /// Whether neither is more than in `other`.
    pub(crate) const fn fits_in(self, other: Self) -> bool {
        self.bytes <= other.bytes && self.extents <= other.extents
    }
}

impl Add for Weight {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_add(other.bytes),
            extents: self.extents.saturating_add(other.extents),
        }
    }
}

impl Sub for Weight {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_sub(other.bytes),
            extents: self.extents.saturating_sub(other.extents),
        }
    }
}

impl AddAssign for Weight {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Weight {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extent::Extent;
    use crate::journal::Record;

    /// A node of the map has room for eleven and keeps at least five, and one more for each in the node above it, which
    /// also has twelve links.
    #[test]
    fn the_sparsest_map_takes_no_more_than_is_charged() {
        const HEAD: usize = 32;
        let slots = 11 * (size_of::<u64>() + size_of::<Extent<Record>>());
        let (leaf, inner) = (slots + HEAD, slots + HEAD + 12 * size_of::<usize>());
        assert!(((leaf + inner / 6) / 6) as u64 <= EXTENT_MEMORY, "{leaf} and {inner} bytes");
    }
}
