use cachefs_vfs::{Errno, Error, Privileges, Result, SeekTo, SetAttr, SetTime, SyncHow, VFile};

use super::Beside;
use crate::extent::Piece;
use crate::journal::Record;

/// Bytes moved at once.
const STEP: u64 = 1 << 20;

/// Writes what the file is to its readers into a new one, and makes it durable.
pub(super) fn fill(to: &dyn VFile, beside: &Beside<'_>, seek_hole: bool) -> Result<()> {
    let base_size = beside.base_attr.map_or(0, |attr| attr.size);
    let size = beside.size.unwrap_or_else(|| base_size.max(beside.extents.end()));
    for piece in beside.extents.pieces(0, size) {
        match piece {
            Piece::Dirty { offset, len, skip, record, .. } => copy_record(to, record, skip, offset, len)?,
            Piece::Gap { offset, len } => {
                let end = (offset + len).min(base_size);
                if let Some(base) = beside.base
                    && offset < end
                {
                    copy_base(to, base, offset, end, seek_hole)?;
                }
            }
        }
    }
    if to.attr()?.size != size {
        to.set_len(size, Privileges::Keep)?;
    }
    let mtime = SetAttr { mtime: Some(SetTime::To(beside.mtime)), ..SetAttr::default() };
    match to.set_attr(&mtime) {
        Err(error) if error.errno() == Errno::OPNOTSUPP => {}
        answer => drop(answer?),
    }
    to.sync(SyncHow::All)
}

fn copy_record(to: &dyn VFile, record: &Record, mut skip: u64, mut offset: u64, mut len: u64) -> Result<()> {
    while len > 0 {
        let step = len.min(STEP);
        let mut bytes = vec![0; usize::try_from(step).unwrap_or(usize::MAX)];
        record.read(skip, &mut bytes).map_err(crate::journal::JournalError::into_error)?;
        write_whole(to, &bytes, offset)?;
        (skip, offset, len) = (skip + step, offset + step, len - step);
    }
    Ok(())
}

/// Holes stay holes where the backing tells them.
fn copy_base(to: &dyn VFile, base: &dyn VFile, mut offset: u64, end: u64, seek_hole: bool) -> Result<()> {
    let mut bytes = Vec::new();
    while offset < end {
        let until = if seek_hole {
            match base.seek(offset, SeekTo::Data) {
                Err(error) if error.errno() == Errno::NXIO => return Ok(()),
                start => offset = start?,
            }
            if offset >= end {
                return Ok(());
            }
            base.seek(offset, SeekTo::Hole)?.clamp(offset + 1, end)
        } else {
            end
        };
        bytes.resize(usize::try_from((until - offset).min(STEP)).unwrap_or(usize::MAX), 0);
        let count = base.read_at(&mut bytes, offset)?;
        if count == 0 {
            return Ok(());
        }
        write_whole(to, &bytes[..count], offset)?;
        offset += count as u64;
    }
    Ok(())
}

fn write_whole(to: &dyn VFile, mut data: &[u8], mut offset: u64) -> Result<()> {
    while !data.is_empty() {
        let count = to.write_at(data, offset, Privileges::Keep)?.min(data.len());
        if count == 0 {
            return Err(Error::new(Errno::IO));
        }
        data = &data[count..];
        offset += count as u64;
    }
    Ok(())
}
