use std::ops::Range;

use self::chunks::Chunks;
use self::extents::Extents;
use super::quota::Quota;
use crate::SeekTo;

mod chunks;
mod extents;

/// The unit of allocation and of holes, in bytes.
pub(super) const PAGE_SIZE: u32 = 4096;

/// The same for offsets.
pub(super) const PAGE: u64 = PAGE_SIZE as u64;

/// The bytes of a regular file, with holes.
#[derive(Debug, Default)]
pub(super) struct Content {
    size: u64,
    /// No byte is stored at or beyond `size`; outside the pages of `data` all are zero.
    chunks: Chunks,
    /// Pages that are not holes.
    data: Extents,
    /// Pages that are holes, but paid for. None is in `data`.
    reserved: Extents,
}

impl Content {
    /// Its length in bytes.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Pages that are paid for.
    pub(super) fn pages(&self) -> u64 {
        self.data.count() + self.reserved.count()
    }

    /// Copies out what there is from `offset` on.
    pub(super) fn read(&self, buffer: &mut [u8], offset: u64) -> usize {
        let rest = self.size.saturating_sub(offset);
        let length = usize::try_from(rest).unwrap_or(usize::MAX).min(buffer.len());
        self.chunks.read(&mut buffer[..length], offset);
        length
    }

    /// Writes as much of `bytes` as the quota has room for. Answers how much.
    pub(super) fn write(&mut self, bytes: &[u8], offset: u64, quota: &Quota) -> usize {
        let end = offset + bytes.len() as u64;
        let owned = self.own(&pages_touched(offset..end), quota).saturating_mul(PAGE);
        let length = usize::try_from(owned.min(end).saturating_sub(offset)).unwrap_or(usize::MAX);
        self.chunks.store(&bytes[..length], offset);
        if length > 0 {
            self.size = self.size.max(offset + length as u64);
        }
        length
    }

    /// Cuts, or extends with a hole.
    pub(super) fn set_size(&mut self, size: u64, quota: &Quota) {
        if size < self.size {
            self.chunks.forget(size);
            quota.give(self.data.remove(&(size.div_ceil(PAGE)..u64::MAX)));
        }
        if size <= self.size {
            quota.give(self.reserved.remove(&(size.div_ceil(PAGE)..u64::MAX)));
        }
        self.size = size;
    }

    /// Pays for all pages of `range`. Answers false, with nothing changed, where the quota is too small.
    #[must_use]
    pub(super) fn reserve(&mut self, range: Range<u64>, quota: &Quota) -> bool {
        let pages = pages_touched(range);
        let missing = self.unpaid(&pages);
        if !quota.take(missing.iter().map(|gap| gap.end - gap.start).sum()) {
            return false;
        }
        missing.into_iter().for_each(|gap| self.reserved.insert(gap));
        true
    }

    /// Makes `range` read as zeros; whole pages in it become holes and are given back.
    pub(super) fn punch(&mut self, range: Range<u64>, quota: &Quota) {
        let to_the_end = range.end >= self.size;
        let last = if to_the_end { self.size.next_multiple_of(PAGE) } else { 0 };
        let range = range.start..range.end.max(last);
        let pages = pages_within(range.clone());
        self.chunks.blank(range);
        quota.give(self.data.remove(&pages) + self.reserved.remove(&pages));
    }

    /// Makes `range` read as zeros; its pages are paid for afterwards. Answers false, with nothing changed, where
    /// the quota is too small.
    #[must_use]
    pub(super) fn zero(&mut self, range: Range<u64>, quota: &Quota) -> bool {
        if !self.reserve(range.clone(), quota) {
            return false;
        }
        let pages = pages_within(range.clone());
        self.chunks.blank(range);
        for part in self.data.parts(&pages) {
            self.data.remove(&part);
            self.reserved.insert(part);
        }
        true
    }

    /// Takes out the pages of `range`; what follows moves down.
    pub(super) fn collapse(&mut self, range: Range<u64>, quota: &Quota) {
        let length = range.end - range.start;
        self.punch(range.clone(), quota);
        self.shift(range.end / PAGE, |page| page - length / PAGE);
        self.size -= length;
    }

    /// Moves up what is at or after `offset`, which leaves a hole of `length`.
    pub(super) fn insert(&mut self, offset: u64, length: u64) {
        self.shift(offset / PAGE, |page| page + length / PAGE);
        self.size += length;
    }

    /// The first data, or hole, at or after `offset`; nothing at or beyond the end, and no data where only a hole
    /// follows.
    pub(super) fn seek(&self, offset: u64, to: SeekTo) -> Option<u64> {
        if offset >= self.size {
            return None;
        }
        let page = offset / PAGE;
        let found = match to {
            SeekTo::Data => self.data.first_from(page)?,
            SeekTo::Hole => self.data.first_gap_from(page),
        };
        let place = found.saturating_mul(PAGE).max(offset);
        match to {
            SeekTo::Data => (place < self.size).then_some(place),
            SeekTo::Hole => Some(place.min(self.size)),
        }
    }

    /// Turns holes of `pages` into data as far as the quota goes. Answers up to where all are data.
    fn own(&mut self, pages: &Range<u64>, quota: &Quota) -> u64 {
        if self.data.covers(pages) {
            return pages.end;
        }
        for gap in self.data.gaps(pages) {
            for unpaid in self.reserved.gaps(&gap) {
                let taken = quota.take_some(unpaid.end - unpaid.start);
                self.reserved.insert(unpaid.start..unpaid.start + taken);
                if unpaid.start + taken < unpaid.end {
                    let end = unpaid.start + taken;
                    self.promote(gap.start..end);
                    return end;
                }
            }
            self.promote(gap);
        }
        pages.end
    }

    fn promote(&mut self, pages: Range<u64>) {
        if !pages.is_empty() {
            self.reserved.remove(&pages);
            self.data.insert(pages);
        }
    }

    fn unpaid(&self, pages: &Range<u64>) -> Vec<Range<u64>> {
        self.data.gaps(pages).iter().flat_map(|gap| self.reserved.gaps(gap)).collect()
    }

    /// Gives every page from `from` on the number that `to` tells. They stay data, or reserved.
    fn shift(&mut self, from: u64, to: impl Fn(u64) -> u64) {
        let all = from..u64::MAX;
        let (data, reserved) = (self.data.parts(&all), self.reserved.parts(&all));
        let copies: Vec<_> = data.iter().map(|run| self.copy_out(run)).collect();
        self.chunks.forget(from * PAGE);
        self.data.remove(&all);
        self.reserved.remove(&all);
        for (run, bytes) in data.into_iter().zip(copies) {
            self.chunks.store(&bytes, to(run.start) * PAGE);
            self.data.insert(to(run.start)..to(run.end));
        }
        reserved.into_iter().for_each(|run| self.reserved.insert(to(run.start)..to(run.end)));
    }

    fn copy_out(&self, run: &Range<u64>) -> Vec<u8> {
        let length = (run.end.saturating_mul(PAGE)).min(self.size).saturating_sub(run.start * PAGE);
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
        self.read(&mut bytes, run.start * PAGE);
        bytes
    }
}

/// The pages that hold at least one byte of `range`.
fn pages_touched(range: Range<u64>) -> Range<u64> {
    range.start / PAGE..range.end.div_ceil(PAGE)
}

/// The pages that lie in `range` with all their bytes.
fn pages_within(range: Range<u64>) -> Range<u64> {
    let start = range.start.div_ceil(PAGE);
    start..(range.end / PAGE).max(start)
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "the numbers of these tests are small")]
mod tests;
