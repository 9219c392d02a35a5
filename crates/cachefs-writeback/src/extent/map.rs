use std::collections::BTreeMap;

use super::{Extent, Piece, Pieces, Run, Weight};
use crate::journal::Seq;

/// The dirty bytes of one file: extents that do not overlap, by where they begin.
///
/// Not for use by several threads at once; does no I/O.
#[derive(Clone, Debug)]
pub(crate) struct ExtentMap<R> {
    /// By [`Extent::offset`]. None is empty, none overlaps the next, none goes on in the next.
    extents: BTreeMap<u64, Extent<R>>,
    /// The sum of their lengths.
    bytes: u64,
}

impl<R> Default for ExtentMap<R> {
    fn default() -> Self {
        Self { extents: BTreeMap::new(), bytes: 0 }
    }
}

impl<R: Clone> ExtentMap<R> {
    /// Nothing is dirty.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Whether nothing is dirty.
    pub(crate) fn is_empty(&self) -> bool {
        self.extents.is_empty()
    }

    /// How many bytes are dirty.
    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The first byte behind the last dirty one; 0 if nothing is dirty.
    pub(crate) fn end(&self) -> u64 {
        self.extents.last_key_value().map_or(0, |(_, last)| last.end())
    }

    /// All extents, by offset.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Extent<R>> {
        self.extents.values()
    }

    /// What all of it weighs.
    pub(crate) fn weight(&self) -> Weight {
        Weight { bytes: self.bytes, extents: self.extents.len() as u64 }
    }

    /// Puts in `extent`, in place of what is dirty there so far. Returns how much less it added than
    /// [`Weight::of_write`]. One without bytes changes nothing.
    pub(crate) fn insert(&mut self, extent: Extent<R>) -> Weight {
        let most = self.weight() + Weight::of_write(extent.len);
        if extent.len > 0 {
            self.carve(extent.offset, extent.end());
            self.bytes += extent.len;
            let extent = self.merged(extent);
            self.extents.insert(extent.offset, extent);
        }
        most - self.weight()
    }

    /// Lets go of everything from `length` on. Returns what that weighed.
    pub(crate) fn cut(&mut self, length: u64) -> Weight {
        let before = self.weight();
        self.carve(length, u64::MAX);
        before - self.weight()
    }

    /// Lets go of what was written up to `upto`, and is in the backing now. Returns what that weighed.
    pub(crate) fn remove_upto(&mut self, upto: Seq) -> Weight {
        let before = self.weight();
        let bytes = &mut self.bytes;
        self.extents.retain(|_, extent| {
            let stays = extent.seq > upto;
            *bytes -= if stays { 0 } else { extent.len };
            stays
        });
        before - self.weight()
    }

    /// Lets go of everything. Returns what that weighed.
    pub(crate) fn clear(&mut self) -> Weight {
        std::mem::take(self).weight()
    }

    /// The `len` bytes from `offset` on, in order: what is dirty and what is not.
    pub(crate) fn pieces(&self, offset: u64, len: u64) -> Pieces<'_, R> {
        let end = offset.saturating_add(len);
        Pieces::new(self.extents.range(self.first_reaching(offset)..end), offset, end)
    }

    /// What is dirty of the `len` bytes from `offset` on, to be read when this map may have changed.
    pub(crate) fn snapshot(&self, offset: u64, len: u64) -> Vec<Extent<R>> {
        self.pieces(offset, len).filter_map(Piece::into_extent).collect()
    }

    /// The first bytes from `from` on that were written up to `upto`, with all such that follow them without a gap,
    /// `bytes_max` (at least 1) at most: what one write to the backing takes. The next one begins at [`Run::end`].
    pub(crate) fn run(&self, from: u64, upto: Seq, bytes_max: u64) -> Option<Run<R>> {
        let reaching = self.extents.range(self.first_reaching(from)..);
        Run::first(reaching.map(|(_, extent)| extent), from, upto, bytes_max.max(1))
    }

    /// All runs of what was written up to `upto`.
    pub(crate) fn runs(&self, upto: Seq, bytes_max: u64) -> impl Iterator<Item = Run<R>> {
        let mut from = 0;
        std::iter::from_fn(move || {
            let run = self.run(from, upto, bytes_max)?;
            from = run.end();
            Some(run)
        })
    }

    /// Up to where to flush so that it is about `weight`, oldest first: less than that in bytes and in extents, and one
    /// record more. `None` if nothing is dirty.
    pub(crate) fn upto(&self, weight: Weight) -> Option<Seq> {
        if self.weight().fits_in(weight) {
            return self.newest();
        }
        let mut written: Vec<_> = self.iter().map(|extent| (extent.seq, extent.len)).collect();
        written.sort_unstable();
        let mut sum = Weight::default();
        let enough = written.iter().find(|(_, len)| {
            sum += Weight { bytes: *len, extents: 1 };
            sum.bytes >= weight.bytes || sum.extents >= weight.extents
        });
        enough.or(written.last()).map(|(seq, _)| *seq)
    }

    /// The first record of which something is dirty.
    pub(crate) fn oldest(&self) -> Option<&Extent<R>> {
        self.iter().min_by_key(|extent| extent.seq)
    }

    /// The last record of which something is dirty.
    pub(crate) fn newest(&self) -> Option<Seq> {
        self.iter().map(|extent| extent.seq).max()
    }

    /// The key of the extent that `offset` lies in, else `offset`.
    fn first_reaching(&self, offset: u64) -> u64 {
        match self.extents.range(..=offset).next_back() {
            Some((&key, extent)) if extent.end() > offset => key,
            _ => offset,
        }
    }

    /// Makes `start..end` clean.
    fn carve(&mut self, start: u64, end: u64) {
        if start >= end {
            return;
        }
        let first = self.first_reaching(start);
        while let Some((&key, _)) = self.extents.range(first.max(start)..end).next() {
            self.take_out(key, start, end);
        }
        if first < start {
            self.take_out(first, start, end);
        }
    }

    /// Takes `start..end` out of the extent at `key`; what of it lies before and behind stays.
    fn take_out(&mut self, key: u64, start: u64, end: u64) {
        let Some(extent) = self.extents.remove(&key) else { return };
        self.bytes -= extent.len;
        if extent.end() > end {
            self.put(extent.clone().clip(end, u64::MAX));
        }
        if extent.offset < start {
            self.put(extent.clip(0, start));
        }
    }

    fn put(&mut self, extent: Extent<R>) {
        self.bytes += extent.len;
        self.extents.insert(extent.offset, extent);
    }

    /// `extent` with its neighbours of the same record, which are taken out.
    fn merged(&mut self, mut extent: Extent<R>) -> Extent<R> {
        if let Some(next) = self.extents.get(&extent.end()).filter(|next| extent.goes_on_in(next)) {
            let (key, len) = (next.offset, next.len);
            self.extents.remove(&key);
            extent.len += len;
        }
        let previous = self.extents.range(..extent.offset).next_back();
        if let Some((&key, previous)) = previous.filter(|(_, previous)| previous.goes_on_in(&extent)) {
            extent = Extent { len: previous.len + extent.len, ..previous.clone() };
            self.extents.remove(&key);
        }
        extent
    }
}
