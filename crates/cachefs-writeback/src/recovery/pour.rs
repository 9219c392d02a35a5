use cachefs_vfs::{Result, VFile};

use crate::extent::{ExtentMap, Piece};
use crate::journal::Record;

/// Bytes in memory at a time.
const CHUNK: u64 = 1 << 20;

/// The bytes a file has with its dirty ones over those of the backing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Content<'a> {
    /// The backing's file and how much of it counts; zeros behind it.
    pub(super) base: Option<(&'a dyn VFile, u64)>,
    /// What is dirty.
    pub(super) extents: &'a ExtentMap<Record>,
    /// Bytes in all.
    pub(super) size: u64,
}

impl Content<'_> {
    /// Hands out all that is not surely zeros, with its offset, in order.
    pub(super) fn pour<E: From<cachefs_vfs::Error>>(
        &self,
        mut take: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut buffer = Vec::new();
        for piece in self.extents.pieces(0, self.size) {
            match piece {
                Piece::Gap { offset, len } => {
                    let Some((base, size)) = self.base else { continue };
                    let end = (offset + len).min(size);
                    chunks(offset, end, |at, len| {
                        size_to(&mut buffer, len);
                        let count = base.read_at(&mut buffer, at)?;
                        give(at, &buffer[..count], &mut take)
                    })?;
                }
                Piece::Dirty { offset, len, skip, record, .. } => chunks(offset, offset + len, |at, len| {
                    size_to(&mut buffer, len);
                    let read = record.read(skip + (at - offset), &mut buffer);
                    read.map_err(crate::journal::JournalError::into_error)?;
                    take(at, &buffer)
                })?,
            }
        }
        Ok(())
    }
}

fn chunks<E>(start: u64, end: u64, mut each: impl FnMut(u64, u64) -> Result<(), E>) -> Result<(), E> {
    let mut at = start;
    while at < end {
        let len = (end - at).min(CHUNK);
        each(at, len)?;
        at += len;
    }
    Ok(())
}

fn size_to(buffer: &mut Vec<u8>, len: u64) {
    buffer.resize(usize::try_from(len.min(CHUNK)).unwrap_or(0), 0);
}

/// Leaves out zeros of the backing, so that holes stay holes.
fn give<E>(at: u64, bytes: &[u8], take: &mut impl FnMut(u64, &[u8]) -> Result<(), E>) -> Result<(), E> {
    if bytes.iter().all(|byte| *byte == 0) { Ok(()) } else { take(at, bytes) }
}
