use std::ops::Range;
use std::time::Duration;

use crate::block::BlockIndex;
use crate::time::Moment;

/// How many ranges are told apart; beyond that, the two closest become one.
const RANGES_MAX: usize = 64;

/// Blocks that came here while a change by others, in the same tick of the backing's clock, could go unseen.
#[derive(Debug, Default)]
pub(crate) struct Weak {
    /// In order, with gaps between them. May hold blocks that are not weak, or not here.
    ranges: Vec<Range<u64>>,
    /// Since when there have been any.
    since: Moment,
}

impl Weak {
    pub(crate) fn add(&mut self, block: BlockIndex, now: Moment) {
        if self.ranges.is_empty() {
            self.since = now;
        }
        let block = block.0;
        let at = self.ranges.partition_point(|range| range.end < block);
        match self.ranges.get_mut(at) {
            Some(range) if range.start <= block + 1 => {
                *range = range.start.min(block)..range.end.max(block + 1);
                if self.ranges.get(at + 1).is_some_and(|next| next.start == self.ranges[at].end) {
                    self.join(at);
                }
            }
            _ => self.ranges.insert(at, block..block + 1),
        }
        if self.ranges.len() > RANGES_MAX {
            let gap = |at: &usize| self.ranges[at + 1].start - self.ranges[*at].end;
            let closest = (0..RANGES_MAX).min_by_key(gap);
            closest.into_iter().for_each(|at| self.join(at));
        }
    }

    /// Makes one of this range and the next.
    fn join(&mut self, at: usize) {
        let next = self.ranges.remove(at + 1);
        self.ranges[at].end = next.end;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Whether the first of them came this long ago.
    pub(crate) fn is_older(&self, now: Moment, than: Duration) -> bool {
        !self.ranges.is_empty() && now.since(self.since) >= than
    }

    pub(crate) fn take(&mut self) -> Vec<Range<BlockIndex>> {
        let ranges = std::mem::take(&mut self.ranges);
        ranges.into_iter().map(|range| BlockIndex(range.start)..BlockIndex(range.end)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment(1_000);

    fn with(blocks: impl IntoIterator<Item = u64>) -> Weak {
        let mut weak = Weak::default();
        blocks.into_iter().for_each(|block| weak.add(BlockIndex(block), NOW));
        weak
    }

    #[test]
    fn neighbours_become_one_range_in_whatever_order_they_come() {
        for blocks in [[1, 2, 3, 7], [7, 3, 2, 1], [1, 3, 7, 2], [2, 2, 1, 3]] {
            let mut expected = blocks.contains(&7).then_some(7..8).into_iter().collect::<Vec<_>>();
            expected.insert(0, 1..4);
            assert_eq!(with(blocks).ranges, expected, "{blocks:?}");
        }
    }

    #[test]
    fn too_many_ranges_are_joined_where_the_gap_is_smallest() {
        let far = (0..RANGES_MAX as u64).map(|number| number * 1000);
        let mut weak = with(far.chain([5002]));
        assert_eq!(weak.ranges.len(), RANGES_MAX);
        assert!(weak.ranges.contains(&(5000..5003)));
        assert_eq!(weak.take().len(), RANGES_MAX);
        assert_eq!(weak.take(), []);
    }

    #[test]
    fn they_are_as_old_as_the_first() {
        let mut weak = with([1]);
        let later = NOW.plus(Duration::from_secs(1));
        weak.add(BlockIndex(9), later);
        assert!(weak.is_older(later, Duration::from_secs(1)));
        assert!(!weak.is_older(later, Duration::from_secs(2)));
        weak.take();
        assert!(!weak.is_older(later, Duration::ZERO), "there are none");
    }
}
