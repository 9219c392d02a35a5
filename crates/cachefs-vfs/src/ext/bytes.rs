use crate::{Errno, Error, Privileges, Result, VFile};

/// How many bytes are asked for at once where the length is not known, and the most that is believed of one.
const STEP: usize = 1 << 20;

/// Everything from the start to where the end is when it is reached. One call where `size` is right and small.
pub(super) fn read_all(file: &dyn VFile, size: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more, so that the same call sees the end.
    let mut want = usize::try_from(size).unwrap_or(STEP).clamp(0, 16 * STEP) + 1;
    loop {
        let start = bytes.len();
        bytes.resize(start + want, 0);
        let read = file.read_at(&mut bytes[start..], start as u64)?;
        bytes.truncate(start + read);
        if read < want {
            return Ok(bytes);
        }
        want = STEP;
    }
}

/// Writes all from the start of the file on.
pub(super) fn write_all(file: &dyn VFile, bytes: &[u8]) -> Result<()> {
    all(bytes, |rest, done| file.write_at(rest, done as u64, Privileges::Keep))
}

/// Writes all at the end of the file.
pub(super) fn append_all(file: &dyn VFile, bytes: &[u8]) -> Result<()> {
    all(bytes, |rest, _| file.append(rest, Privileges::Keep))
}

fn all(bytes: &[u8], mut write: impl FnMut(&[u8], usize) -> Result<usize>) -> Result<()> {
    let mut done = 0;
    while done < bytes.len() {
        match write(&bytes[done..], done)? {
            0 => return Err(Error::new(Errno::IO)),
            count => done += count,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Access, MemFs, OpenHow, VfsExt};

    #[test]
    fn a_wrong_size_costs_calls_but_no_bytes() {
        let fs = MemFs::new();
        let bytes = vec![7; 2 * STEP + 5];
        fs.write("f", &bytes).unwrap();
        let file = fs.open("f", OpenHow::new(Access::Read)).unwrap();
        let length = bytes.len() as u64;
        for size in [0, 10, length - 1, length, length + 1, u64::MAX] {
            assert!(read_all(&*file, size).unwrap() == bytes, "{size}");
        }
    }
}
