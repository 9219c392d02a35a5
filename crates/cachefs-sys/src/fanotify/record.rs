use rustix::io::{Errno, Result};

/// `struct fanotify_event_info_header`: info_type u8, pad u8, len u16.
const HEADER: usize = 4;
/// After the header: fsid u64, handle_bytes u32, handle_type i32, then the handle.
const HANDLE: usize = HEADER + 16;

/// What a filesystem calls one of its inodes, as an event tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireHandle<'a> {
    /// The filesystem, as `f_fsid` of statvfs.
    pub fsid: u64,
    /// The filesystem's own type number.
    pub kind: i32,
    /// The handle.
    pub bytes: &'a [u8],
}

/// A directory and a name in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The directory.
    pub dir: WireHandle<'a>,
    /// The name; `.` stands for the directory itself. Empty if it is not known.
    pub name: &'a [u8],
}

/// To what an event happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Records<'a> {
    /// The inode.
    pub object: Option<WireHandle<'a>>,
    /// A directory, and the name that was made or removed in it, or by which the inode was reached.
    pub entry: Option<Entry<'a>>,
    /// The name before a rename, if its directory is marked.
    pub old: Option<Entry<'a>>,
    /// The name after a rename, if its directory is marked.
    pub new: Option<Entry<'a>>,
}

impl<'a> Records<'a> {
    pub(super) fn parse(mut rest: &'a [u8]) -> Result<Self> {
        let mut found = Self::default();
        while !rest.is_empty() {
            rest = found.take(rest).ok_or(Errno::PROTO)?;
        }
        Ok(found)
    }

    /// Takes the first record and answers what follows it. Records of unknown types are skipped.
    fn take(&mut self, buffer: &'a [u8]) -> Option<&'a [u8]> {
        let length = usize::from(buffer.u16_at(2)?);
        if length < HEADER {
            return None;
        }
        let (record, rest) = buffer.split_at_checked(length)?;
        match *record.first()? {
            libc::FAN_EVENT_INFO_TYPE_FID => self.object = Some(handle(record)?.0),
            libc::FAN_EVENT_INFO_TYPE_DFID | libc::FAN_EVENT_INFO_TYPE_DFID_NAME => {
                self.entry = Some(entry(record)?);
            }
            libc::FAN_EVENT_INFO_TYPE_OLD_DFID_NAME => self.old = Some(entry(record)?),
            libc::FAN_EVENT_INFO_TYPE_NEW_DFID_NAME => self.new = Some(entry(record)?),
            _ => {}
        }
        Some(rest)
    }
}

/// The handle in a record, and what follows it.
fn handle(record: &[u8]) -> Option<(WireHandle<'_>, &[u8])> {
    let fsid = u64::from(record.u32_at(HEADER)?) | u64::from(record.u32_at(HEADER + 4)?) << 32;
    let length = usize::try_from(record.u32_at(HEADER + 8)?).ok()?;
    let kind = record.u32_at(HEADER + 12)?.cast_signed();
    let (bytes, rest) = record.get(HANDLE..)?.split_at_checked(length)?;
    Some((WireHandle { fsid, kind, bytes }, rest))
}

fn entry(record: &[u8]) -> Option<Entry<'_>> {
    let (dir, rest) = handle(record)?;
    let name = rest.split(|&byte| byte == 0).next().unwrap_or_default();
    Some(Entry { dir, name })
}

/// Numbers in memory, wherever they lie.
pub(super) trait Bytes {
    fn bytes_at<const N: usize>(&self, at: usize) -> Option<[u8; N]>;

    fn u16_at(&self, at: usize) -> Option<u16> {
        self.bytes_at(at).map(u16::from_ne_bytes)
    }

    fn u32_at(&self, at: usize) -> Option<u32> {
        self.bytes_at(at).map(u32::from_ne_bytes)
    }

    fn u64_at(&self, at: usize) -> Option<u64> {
        self.bytes_at(at).map(u64::from_ne_bytes)
    }
}

impl Bytes for [u8] {
    fn bytes_at<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.get(at..)?.first_chunk().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u8, length: u16, handle_length: u32, tail: &[u8]) -> Vec<u8> {
        let mut bytes = vec![kind, 0];
        bytes.extend(length.to_ne_bytes());
        bytes.extend(5_u32.to_ne_bytes());
        bytes.extend(6_u32.to_ne_bytes());
        bytes.extend(handle_length.to_ne_bytes());
        bytes.extend(1_i32.to_ne_bytes());
        bytes.extend(tail);
        bytes
    }

    #[test]
    fn handles_and_names_are_found_and_strange_records_skipped() {
        let strange = [99, 0, 8, 0, 1, 2, 3, 4].to_vec();
        let object = record(libc::FAN_EVENT_INFO_TYPE_FID, 28, 8, b"8 bytes!");
        let named = record(libc::FAN_EVENT_INFO_TYPE_DFID_NAME, 32, 8, b"the dir.abc\0");
        let old = record(libc::FAN_EVENT_INFO_TYPE_OLD_DFID_NAME, 24, 4, b"dir.");
        let buffer = [strange, named, object, old].concat();
        let dir = WireHandle { fsid: 6 << 32 | 5, kind: 1, bytes: b"the dir." };
        let found = Records::parse(&buffer).unwrap();
        assert_eq!(found.entry, Some(Entry { dir, name: b"abc" }));
        assert_eq!(found.object.unwrap().bytes, b"8 bytes!");
        assert_eq!(found.old.unwrap().name, b"", "a name that is not told is empty");
        assert_eq!(found.new, None);
    }

    #[test]
    fn lengths_that_lie_are_an_error() {
        let fid = libc::FAN_EVENT_INFO_TYPE_FID;
        for bad in [
            record(fid, 28, 9, b"8 bytes!"),
            record(fid, 28, u32::MAX, b"8 bytes!"),
            record(fid, 29, 8, b"8 bytes!"),
            record(fid, 3, 8, b"8 bytes!"),
            record(fid, 0, 8, b"8 bytes!"),
            record(fid, 16, 8, b""),
            record(fid, 20, 0, b"\0"),
            vec![fid],
        ] {
            assert_eq!(Records::parse(&bad), Err(Errno::PROTO), "{bad:?}");
        }
    }
}
