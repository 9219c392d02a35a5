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

    /// The first run of `extents`, which come by offset, that was written up to `upto`; what lies before `from` is
    /// left out.
    pub(super) fn first<'a>(
        extents: impl Iterator<Item = &'a Extent<R>>,
        from: u64,
        upto: Seq,
        bytes_max: u64,
    ) -> Option<Self>
    where
        R: Clone + 'a,
    {
        let mut extents = extents.skip_while(|extent| extent.seq > upto);
        let mut run = Self::of(extents.next()?, from, bytes_max);
        for extent in extents {
            if run.len == bytes_max || extent.offset != run.end() || extent.seq > upto {
                break;
            }
            let end = extent.end().min(run.offset.saturating_add(bytes_max));
            run.len = end - run.offset;
            run.extents.push(extent.clone().clip(0, end));
        }
        Some(run)
    }

    fn of(extent: &Extent<R>, from: u64, bytes_max: u64) -> Self
    where
        R: Clone,
    {
        let offset = extent.offset.max(from);
        let len = (extent.end() - offset).min(bytes_max);
        Self { extents: vec![extent.clone().clip(offset, offset + len)], offset, len }
    }
}
