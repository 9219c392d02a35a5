use std::ops::Range;

use crate::block::BlockIndex;

/// How many changes are remembered; a load that saw more begin is not kept.
const REMEMBERED: usize = 8;

/// Which blocks of a file our own changes touched lately, so that a load which raced with one of them is not kept.
#[derive(Debug)]
pub(crate) struct Touches {
    /// Changes begun up to now.
    begun: u64,
    /// Whether the last one is still under way. There is never more than one: writers of a file take turns.
    active: bool,
    /// The blocks of the last changes, by number modulo the length.
    recent: [Range<u64>; REMEMBERED],
}

impl Default for Touches {
    fn default() -> Self {
        Self { begun: 0, active: false, recent: std::array::from_fn(|_| 0..0) }
    }
}

impl Touches {
    /// A change of these blocks begins.
    pub(crate) fn begin(&mut self, blocks: Range<BlockIndex>) {
        self.recent[slot(self.begun)] = blocks.start.0..blocks.end.0;
        self.begun += 1;
        self.active = true;
    }

    /// The change is over.
    pub(crate) fn end(&mut self) {
        self.active = false;
    }

    /// A load begins: what [`Self::spared`] is to be asked with when it is over.
    pub(crate) fn mark(&self) -> u64 {
        self.begun - u64::from(self.active)
    }

    /// Whether no change touched the block since the mark.
    pub(crate) fn spared(&self, mark: u64, block: BlockIndex) -> bool {
        self.begun - mark <= REMEMBERED as u64
            && (mark..self.begun).all(|n| !self.recent[slot(n)].contains(&block.0))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "smaller than the ring")]
const fn slot(number: u64) -> usize {
    (number % REMEMBERED as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(range: Range<u64>) -> Range<BlockIndex> {
        BlockIndex(range.start)..BlockIndex(range.end)
    }

    #[test]
    fn a_load_is_spoilt_by_changes_before_during_and_after_its_start() {
        let mut touches = Touches::default();
        let early = touches.mark();
        touches.begin(blocks(2..4));
        let during = touches.mark();
        touches.end();
        let late = touches.mark();
        for (mark, spoilt) in [(early, true), (during, true), (late, false)] {
            assert_eq!(!touches.spared(mark, BlockIndex(3)), spoilt);
            assert!(touches.spared(mark, BlockIndex(4)), "another block");
        }
    }

    #[test]
    fn more_changes_than_are_remembered_spoil_every_load() {
        let mut touches = Touches::default();
        let mark = touches.mark();
        for _ in 0..REMEMBERED {
            touches.begin(blocks(0..1));
            touches.end();
        }
        assert!(touches.spared(mark, BlockIndex(7)));
        touches.begin(blocks(0..1));
        touches.end();
        assert!(!touches.spared(mark, BlockIndex(7)));
    }
}
