use std::fmt;

use cachefs_vfs::{
    Access, AllocateHow, CreateHow, Errno, Error, Mode, Name, OpenHow, Owner, Privileges, RemoveKind, Result,
    SyncHow, VDir, VFile,
};

use super::verified::Verified;
use super::{BootId, SegmentNo};
use crate::sync::{Arc, AtomicBool, AtomicU64, Ordering};

const SUFFIX: &str = ".journal";

/// A segment that has records or takes them. The list of segments has one reference, the end another while it writes
/// here, each record another: so its count tells whether records are held.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) no: SegmentNo,
    /// Bytes that it takes from the limit.
    pub(super) capacity: AtomicU64,
    /// The run of the system it was begun in, where that is known.
    pub(super) boot: Option<BootId>,
    pub(super) verified: Verified,
    pub(super) file: Arc<SegmentFile>,
}

/// The file of a segment, open for as long as anybody needs its bytes.
#[derive(Debug)]
pub(super) struct SegmentFile {
    pub(super) name: FileName,
    file: Arc<dyn VFile>,
    /// Neither its head nor its name were synced yet.
    fresh: AtomicBool,
}

impl SegmentFile {
    /// Creates it, with room for `capacity` bytes reserved where the filesystem can do that.
    pub(super) fn create(dir: &dyn VDir, no: SegmentNo, capacity: u64) -> Result<Self> {
        let name = FileName::of(no);
        let open = OpenHow::new(Access::ReadWrite);
        let how = CreateHow { open, mode: Mode::new(0o600), exclusive: true };
        let file = dir.create(name.get()?, how, &Owner::process()).map_err(|e| name.blame("creating", e))?;
        let segment = Self { name, file: file.handle, fresh: AtomicBool::new(true) };
        if let Err(error) = segment.reserve(capacity) {
            segment.remove(dir)?;
            return Err(error);
        }
        Ok(segment)
    }

    pub(super) fn open(dir: &dyn VDir, no: SegmentNo, access: Access) -> Result<(Self, u64)> {
        let name = FileName::of(no);
        let file = dir.open(name.get()?, OpenHow::new(access)).map_err(|e| name.blame("opening", e))?;
        Ok((Self { name, file: file.handle, fresh: AtomicBool::new(true) }, file.attr.size))
    }

    /// Has the filesystem keep room for `capacity` bytes, if it can.
    pub(super) fn reserve(&self, capacity: u64) -> Result<()> {
        match self.file.allocate(AllocateHow::Grow, 0, capacity, Privileges::Keep) {
            Err(error) if error.errno() != Errno::OPNOTSUPP => {
                Err(self.name.blame("reserving room in", error))
            }
            _ => Ok(()),
        }
    }

    /// Writes all of `data`; how much of it was written before it failed.
    pub(super) fn write(&self, data: &[u8], offset: u64) -> Result<(), (usize, Error)> {
        let mut done = 0;
        while done < data.len() {
            match self.file.write_at(&data[done..], offset + done as u64, Privileges::Keep) {
                Ok(0) => return Err((done, self.name.blame("writing", Error::new(Errno::IO)))),
                Ok(written) => done += written,
                Err(error) if error.errno() == Errno::INTR => {}
                Err(error) => return Err((done, self.name.blame("writing", error))),
            }
        }
        Ok(())
    }

    /// Fills `buffer` as far as the file goes. Answers how many bytes.
    pub(super) fn read(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        let mut done = 0;
        while done < buffer.len() {
            match self.file.read_at(&mut buffer[done..], offset + done as u64) {
                Ok(0) => break,
                Ok(read) => done += read,
                Err(error) if error.errno() == Errno::INTR => {}
                Err(error) => return Err(self.name.blame("reading", error)),
            }
        }
        Ok(done)
    }

    /// Makes what was written durable, at the first time with its name.
    pub(super) fn sync(&self, dir: &dyn VDir) -> Result<()> {
        let fresh = self.fresh.load(Ordering::Acquire);
        let how = if fresh { SyncHow::All } else { SyncHow::Data };
        self.file.sync(how).map_err(|e| self.name.blame("syncing", e))?;
        if fresh {
            dir.sync().map_err(|e| self.name.blame("syncing the directory of", e))?;
            self.fresh.store(false, Ordering::Release);
        }
        Ok(())
    }

    /// Gives back what was reserved and not written to.
    pub(super) fn cut(&self, length: u64) -> Result<()> {
        self.file.set_len(length, Privileges::Keep).map_err(|e| self.name.blame("cutting", e))?;
        Ok(())
    }

    /// Removes its name, if it is still there.
    pub(super) fn remove(&self, dir: &dyn VDir) -> Result<()> {
        match dir.remove(self.name.get()?, RemoveKind::File) {
            Err(error) if !error.is_not_found() => Err(self.name.blame("removing", error)),
            _ => Ok(()),
        }
    }
}

/// The name of a segment's file.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct FileName(String);

impl FileName {
    pub(super) fn of(no: SegmentNo) -> Self {
        Self(format!("{:08}{SUFFIX}", no.0))
    }

    /// The segment that a file of this name is.
    pub(super) fn parse(name: &[u8]) -> Option<SegmentNo> {
        let name = std::str::from_utf8(name).ok()?;
        let no = SegmentNo(name.strip_suffix(SUFFIX)?.parse().ok()?);
        (Self::of(no).0 == name && no.0 > 0).then_some(no)
    }

    fn get(&self) -> Result<Name<'_>> {
        Name::new(&self.0)
    }

    pub(super) fn blame(&self, what: &'static str, error: Error) -> Error {
        error.on(what, &self.0)
    }
}

impl fmt::Debug for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written_and_no_others() {
        for no in [1, 99_999_999, 100_000_000, u64::MAX] {
            assert_eq!(FileName::parse(FileName::of(SegmentNo(no)).0.as_bytes()), Some(SegmentNo(no)));
        }
        for other in
            ["00000000.journal", "1.journal", "+0000001.journal", "00000001.journal~", "lock", "\u{e9}"]
        {
            assert_eq!(FileName::parse(other.as_bytes()), None, "{other}");
        }
    }
}
