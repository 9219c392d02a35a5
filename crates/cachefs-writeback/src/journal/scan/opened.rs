use std::ops::ControlFlow;

use cachefs_vfs::{Access, Cookie, Result, VDir};

use super::super::head::{FORMAT, HEAD, Head, NoHead};
use super::super::segment::{FileName, SegmentFile};
use super::super::{JournalError, SegmentNo, SourceId};

/// A segment's file and what its head says.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) no: SegmentNo,
    pub(super) file: SegmentFile,
    pub(super) length: u64,
    /// `None` if it is damaged, or was never written.
    pub(super) head: Option<Head>,
}

impl Opened {
    /// Opens all segments, the oldest first.
    pub(super) fn all(
        dir: &dyn VDir,
        access: Access,
        source: Option<SourceId>,
    ) -> Result<Vec<Self>, JournalError> {
        let opened = list(dir)?.into_iter().map(|no| Self::one(dir, no, access));
        let opened: Vec<_> = opened.collect::<Result<_, _>>()?;
        let foreign = |head: Head| source.is_some_and(|source| source != head.source);
        if opened.iter().filter_map(|opened| opened.head).any(foreign) {
            return Err(JournalError::WrongSource);
        }
        Ok(opened)
    }

    fn one(dir: &dyn VDir, no: SegmentNo, access: Access) -> Result<Self, JournalError> {
        let (file, length) = SegmentFile::open(dir, no, access)?;
        let mut bytes = [0; HEAD];
        let read = file.read(&mut bytes, 0)?;
        let head = match Head::decode(&bytes[..read], no) {
            Ok(head) => Some(head),
            Err(NoHead::Damaged) => None,
            Err(NoHead::Version(found)) => {
                return Err(JournalError::Version { found, expected: FORMAT });
            }
        };
        Ok(Self { no, file, length, head })
    }
}

/// The segments that there are, the oldest first.
pub(in super::super) fn list(dir: &dyn VDir) -> Result<Vec<SegmentNo>> {
    let mut found = Vec::new();
    dir.read_dir(Cookie::START, &mut |entry| {
        found.extend(FileName::parse(entry.name.as_bytes()));
        ControlFlow::Continue(())
    })?;
    found.sort_unstable();
    Ok(found)
}
