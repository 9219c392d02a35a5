use super::Extent;
use crate::journal::Seq;

/// Dirty bytes that follow each other without a gap: one write to the backing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run<R> {
    /// Its extents, by offset. There is at least one.
    pub(crate) extents: Vec<Extent<R>>,
    /// Where in the file it begins, in bytes.
    pub(crate) offset: u64,
    /// Bytes.
    pub(crate) len: u64,
}

impl<R> Run<R> {
    /// The first byte behind it.
    pub(crate) const fn end(&self) -> u64 {
        self.offset + self.len
    }

    /// The first run of `extents`, which come by offset, that was written up to `upto`.
    pub(super) fn first(
        extents: impl Iterator<Item = Extent<R>>,
        upto: Seq,
        bytes_max: u64,
    ) -> Option<Self> {
        let mut extents = extents.skip_while(|extent| extent.seq > upto);
        let mut run = Self::of(extents.next()?, bytes_max);
        for extent in extents {
            if run.len == bytes_max || extent.offset != run.end() || extent.seq > upto {
                break;
            }
            let end = extent.end().min(run.offset.saturating_add(bytes_max));
            run.len = end - run.offset;
            run.extents.push(extent.clip(0, end));
        }
        Some(run)
    }

    fn of(extent: Extent<R>, bytes_max: u64) -> Self {
        let (offset, len) = (extent.offset, extent.len.min(bytes_max));
        Self { extents: vec![extent.clip(0, offset + len)], offset, len }
    }
}
