use std::ops::Range;

use super::SizeClass;

/// The memory of one frame, beginning on a cache line: the kernel reads into it as fast as into whole pages, and a
/// fifth faster than into memory aligned for words only.
///
/// It is aligned within a plain allocation that is a little larger. Aligned allocations cannot take each other's place
/// in the allocator: with frames of mixed sizes they held half as much memory again as was asked for, these 9 %.
pub(super) struct Memory {
    allocation: Box<[u8]>,
    /// The first byte used.
    start: usize,
    class: SizeClass,
}

impl Memory {
    const ALIGN: usize = 64;

    /// What the allocator aligns to anyway.
    const ALIGN_MIN: usize = 16;

    /// Zeroed memory.
    pub(super) fn new(class: SizeClass) -> Self {
        let allocation = vec![0; class.bytes() + Self::ALIGN - Self::ALIGN_MIN].into_boxed_slice();
        let ahead = allocation.as_ptr().addr().next_multiple_of(Self::ALIGN) - allocation.as_ptr().addr();
        // With an allocator that aligns less, slower but right.
        Self { start: ahead.min(Self::ALIGN - Self::ALIGN_MIN), allocation, class }
    }

    pub(super) fn class(&self) -> SizeClass {
        self.class
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.allocation[self.range()]
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        let range = self.range();
        &mut self.allocation[range]
    }

    fn range(&self) -> Range<usize> {
        self.start..self.start + self.class.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::BLOCK_SIZE;

    #[test]
    fn begins_on_a_cache_line_and_is_as_long_as_its_class() {
        for len in [1, 1025, 5000, 20_000, BLOCK_SIZE] {
            let class = SizeClass::of(len).expect("fits a block");
            let mut several: Vec<Memory> = (0..10).map(|_| Memory::new(class)).collect();
            for memory in &mut several {
                assert_eq!((memory.bytes().as_ptr().addr() % 64, memory.bytes().len()), (0, class.bytes()));
                assert!(memory.bytes().iter().all(|&byte| byte == 0));
                memory.bytes_mut().fill(1);
            }
        }
    }
}
