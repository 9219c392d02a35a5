use std::collections::BTreeMap;
use std::ops::Range;

/// A set of page numbers, kept as ranges: as many entries as there are runs, not pages.
#[derive(Debug, Default)]
pub(super) struct Extents {
    /// Start to end (exclusive) of each run. No run is empty, none touches another.
    runs: BTreeMap<u64, u64>,
    /// The sum of all lengths.
    count: u64,
}

impl Extents {
    /// How many pages are in the set.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Whether all of `range` is in the set.
    pub(super) fn covers(&self, range: &Range<u64>) -> bool {
        range.is_empty() || self.run_at(range.start).is_some_and(|run| run.end >= range.end)
    }

    /// The first page of the set that is not before `page`.
    pub(super) fn first_from(&self, page: u64) -> Option<u64> {
        if self.run_at(page).is_some() {
            return Some(page);
        }
        self.runs.range(page..).next().map(|(&start, _)| start)
    }

    /// The first page not before `page` that is not in the set.
    pub(super) fn first_gap_from(&self, page: u64) -> u64 {
        self.run_at(page).map_or(page, |run| run.end)
    }

    /// What the set has of `range`, in order.
    pub(super) fn parts(&self, range: &Range<u64>) -> Vec<Range<u64>> {
        if range.is_empty() {
            return Vec::new();
        }
        let first = self.run_at(range.start).map_or(range.start, |run| run.start);
        let clip = |(&start, &end): (&u64, &u64)| start.max(range.start)..end.min(range.end);
        self.runs.range(first..range.end).map(clip).collect()
    }

    /// What the set lacks of `range`, in order.
    pub(super) fn gaps(&self, range: &Range<u64>) -> Vec<Range<u64>> {
        let mut gaps = Vec::new();
        let mut from = range.start;
        for part in self.parts(range) {
            if from < part.start {
                gaps.push(from..part.start);
            }
            from = part.end;
        }
        if from < range.end {
            gaps.push(from..range.end);
        }
        gaps
    }

    /// Adds `range`.
    pub(super) fn insert(&mut self, range: Range<u64>) {
        if self.covers(&range) {
            return;
        }
        let mut merged = range;
        while let Some((&start, &end)) = self.runs.range(..=merged.end).next_back() {
            if end < merged.start {
                break;
            }
            self.runs.remove(&start);
            self.count -= end - start;
            merged = merged.start.min(start)..merged.end.max(end);
        }
        self.count += merged.end - merged.start;
        self.runs.insert(merged.start, merged.end);
    }

    /// Takes `range` out. Answers how many pages that were.
    pub(super) fn remove(&mut self, range: &Range<u64>) -> u64 {
        let before = self.count;
        for part in self.parts(range) {
            let Some(run) = self.run_at(part.start) else { continue };
            self.runs.remove(&run.start);
            if run.start < part.start {
                self.runs.insert(run.start, part.start);
            }
            if part.end < run.end {
                self.runs.insert(part.end, run.end);
            }
            self.count -= part.end - part.start;
        }
        before - self.count
    }

    fn run_at(&self, page: u64) -> Option<Range<u64>> {
        let (&start, &end) = self.runs.range(..=page).next_back()?;
        (page < end).then_some(start..end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn touching_runs_become_one() {
        let mut set = Extents::default();
        set.insert(0..2);
        set.insert(4..6);
        set.insert(2..4);
        assert!(set.covers(&(0..6)));
        assert_eq!(set.runs.len(), 1);
        assert_eq!(set.count(), 6);
    }

    #[test]
    fn removal_splits_a_run() {
        let mut set = Extents::default();
        set.insert(0..10);
        assert_eq!(set.remove(&(3..5)), 2);
        assert_eq!(set.remove(&(3..5)), 0);
        assert_eq!(set.parts(&(1..9)), [1..3, 5..9]);
        assert_eq!(set.gaps(&(0..12)), [3..5, 10..12]);
        assert_eq!((set.first_from(3), set.first_gap_from(3), set.first_gap_from(5)), (Some(5), 3, 10));
        assert_eq!(set.first_from(10), None);
    }

    #[test]
    fn it_agrees_with_a_plain_set() {
        let mut state = 7_u64;
        let mut random = move |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let (mut set, mut plain) = (Extents::default(), std::collections::BTreeSet::new());
        for _ in 0..5000 {
            let start = random(60);
            let range = start..start + random(12);
            if random(2) == 0 {
                set.insert(range.clone());
                plain.extend(range);
            } else {
                set.remove(&range);
                plain.retain(|page| !range.contains(page));
            }
            assert_eq!(
                set.parts(&(0..100)).into_iter().flatten().collect::<Vec<_>>(),
                plain.iter().copied().collect::<Vec<_>>()
            );
            assert_eq!(set.count(), plain.len() as u64);
        }
    }
}
