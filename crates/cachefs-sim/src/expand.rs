use std::ops::Range;

use crate::hash::mix;
use crate::trace::{Place, Request};

/// Turns accesses of whole files into accesses of their blocks, as the engine keeps them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocks {
    /// Of a block, in bytes; the last one of a file may be shorter.
    pub size: u64,
    /// Files are read to here and no further, in bytes.
    pub file_max: u64,
}

/// What is left of a file that is being read block by block.
#[derive(Clone, Debug, Default)]
pub(crate) struct Remains {
    file: u64,
    size: u64,
    blocks: Range<u64>,
}

impl Blocks {
    /// All of the file.
    pub(crate) fn of(self, file: Request) -> Remains {
        let size = file.size.min(self.file_max);
        Remains { file: file.key, size, blocks: 0..size.div_ceil(self.size.max(1)) }
    }

    /// The next block.
    pub(crate) fn next(self, remains: &mut Remains) -> Option<Request> {
        let index = remains.blocks.next()?;
        let offset = index * self.size;
        Some(Request {
            key: mix(remains.file).wrapping_add(index),
            size: self.size.min(remains.size - offset),
            place: Some(Place { file: remains.file, offset }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(size: u64) -> Vec<u64> {
        let blocks = Blocks { size: 10, file_max: 35 };
        let mut remains = blocks.of(Request { key: 7, size, place: None });
        std::iter::from_fn(|| blocks.next(&mut remains)).map(|request| request.size).collect()
    }

    #[test]
    fn a_file_is_its_blocks_and_a_tail() {
        assert!(sizes(0).is_empty());
        assert_eq!(sizes(10), [10]);
        assert_eq!(sizes(21), [10, 10, 1]);
        assert_eq!(sizes(1000), [10, 10, 10, 5]);
    }
}
