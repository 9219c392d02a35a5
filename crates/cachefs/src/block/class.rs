use super::BLOCK_SIZE;

/// The capacity of a frame: a power of two from 1 KiB to a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SizeClass(u8);

impl SizeClass {
    /// How many there are.
    pub(crate) const COUNT: usize = (BLOCK_SIZE / Self::SMALLEST).ilog2() as usize + 1;

    /// The smallest capacity in bytes.
    pub(crate) const SMALLEST: usize = 1024;

    /// The smallest class that holds `len` bytes; `None` beyond a block.
    pub(crate) fn of(len: usize) -> Option<Self> {
        if len > BLOCK_SIZE {
            return None;
        }
        let power = len.max(Self::SMALLEST).next_power_of_two().ilog2() - Self::SMALLEST.ilog2();
        u8::try_from(power).ok().map(Self)
    }

    /// The capacity in bytes.
    pub(crate) const fn bytes(self) -> usize {
        Self::SMALLEST << self.0
    }

    /// Its number, from 0 (the smallest) to [`Self::COUNT`] - 1.
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_gets_the_smallest_class_that_holds_it() {
        for len in (0..=BLOCK_SIZE).step_by(7).chain([1024, 1025, 2048, BLOCK_SIZE]) {
            let class = SizeClass::of(len).expect("fits a block");
            assert!(class.bytes() >= len && class.index() < SizeClass::COUNT);
            assert!(class.bytes() == SizeClass::SMALLEST || class.bytes() / 2 < len, "{len}");
        }
        assert_eq!(SizeClass::of(BLOCK_SIZE + 1), None);
    }
}
