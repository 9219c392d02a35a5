use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use cachefs_vfs::{Attr, Cookie, DirEntry, Errno, Error, FileKind, Name, Result, VDir};

use super::lookup::Looked;
use super::{Entry, Tree};
use crate::inodes::NodeId;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// Bytes of an entry without attributes, before its name.
const PLAIN_HEADER: usize = 24;
/// Bytes of an entry with attributes, before its name.
pub(crate) const PLUS_HEADER: usize = 152;
/// A listing with attributes stops early once looking them up took so long: the kernel goes on without, and asks for
/// those it needs.
const ATTRS_BUDGET: Duration = Duration::from_millis(2);

/// Places of a listing as the kernel sees them: 0 is the start, 1 is after `.`, 2 after `..`, and `cookie + 2` after
/// the entry whose cookie that is. Cookies reach up to 2^63 - 1 (ext4, at the end of a listing): the topmost ones
/// have to share a place, which loses nothing because no entry follows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Start,
    AfterDot,
    AfterDotDot,
    After(Cookie),
}

const END: u64 = i64::MAX.unsigned_abs();

impl Place {
    fn from_offset(offset: u64) -> Self {
        match offset {
            0 => Self::Start,
            1 => Self::AfterDot,
            2 => Self::AfterDotDot,
            END.. => Self::After(Cookie(END)),
            other => Self::After(Cookie(other - 2)),
        }
    }

    fn cookie(self) -> Cookie {
        match self {
            Self::After(cookie) => cookie,
            _ => Cookie::START,
        }
    }
}

fn offset_of(cookie: Cookie) -> Result<u64> {
    match cookie.0 {
        0 => Err(Error::new(Errno::IO)),
        beyond if beyond > END => Err(Error::new(Errno::OVERFLOW)),
        fits => Ok(fits.saturating_add(2).min(END)),
    }
}

/// One entry of a listing, ready for the kernel.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) name: OsString,
    pub(crate) node: NodeId,
    pub(crate) kind: FileKind,
    pub(crate) offset: u64,
    /// With attributes, for a listing that has them; never for `.` and `..`.
    pub(crate) entry: Option<Entry>,
}

/// A part of a listing.
pub(crate) type Listed = Vec<Item>;

struct Raw {
    name: OsString,
    inode: u64,
    kind: Option<FileKind>,
    offset: u64,
    attr: Option<Attr>,
}

impl Tree {
    /// Lists a directory from `offset` on, as much as fits in `room` bytes.
    pub(crate) fn list(&self, node: NodeId, offset: u64, room: usize) -> Result<Listed> {
        let dir = self.dir(node)?;
        let mut items = self.dots(node, offset);
        let device = self.inodes.identity(node).ok_or(Error::new(Errno::STALE))?.device;
        for raw in self.collect(node, offset, room, PLAIN_HEADER)? {
            let kind = match raw.kind {
                Some(kind) => kind,
                None => match dir.stat(Name::new(&raw.name)?) {
                    Ok(attr) => attr.kind,
                    Err(error) if error.is_not_found() => continue,
                    Err(error) => return Err(error),
                },
            };
            let node = self.inodes.number_listed(device, raw.inode);
            items.push(Item { name: raw.name, node, kind, offset: raw.offset, entry: None });
        }
        Ok(items)
    }

    /// As [`Tree::list`], with the attributes of each entry. An empty answer means the end, as there.
    pub(crate) fn list_plus(&self, node: NodeId, offset: u64, room: usize) -> Result<Listed> {
        let dir = self.dir(node)?;
        let mut items = self.dots(node, offset);
        let mut offset = offset;
        let started = Instant::now();
        loop {
            let raws = self.collect(node, offset, room, PLUS_HEADER)?;
            let Some(last) = raws.last() else { return Ok(items) };
            offset = last.offset;
            for raw in raws {
                let moment = self.moves.now();
                let (attr, handle) = match self.look_at(&*dir, &raw) {
                    Ok(found) => found,
                    Err(error) if error.is_not_found() => continue,
                    Err(error) if items.is_empty() => return Err(error),
                    Err(_) => return Ok(items),
                };
                let attr = self.true_attr(attr)?;
                let entry =
                    Entry { since: Some(moment), handle, ..Entry::new(attr, node, raw.name.as_bytes()) };
                let node = self.number(&attr);
                items.push(Item {
                    name: raw.name,
                    node,
                    kind: attr.kind,
                    offset: raw.offset,
                    entry: Some(entry),
                });
                if started.elapsed() > ATTRS_BUDGET {
                    return Ok(items);
                }
            }
            // All of them vanished meanwhile: an empty answer would be taken for the end.
            if !items.is_empty() {
                return Ok(items);
            }
        }
    }

    /// The attributes of an entry, with a handle where a file may be opened unseen.
    fn look_at(&self, dir: &dyn VDir, raw: &Raw) -> Result<Looked> {
        match raw.attr {
            Some(attr) if attr.kind.is_dir() || !self.inodes.is_uncounted() => Ok((attr, None)),
            _ => self.look(dir, Name::new(&raw.name)?, None),
        }
    }

    fn dots(&self, node: NodeId, offset: u64) -> Listed {
        let dot = |name: &str, node, offset| Item {
            name: OsStr::new(name).to_owned(),
            node,
            kind: FileKind::Directory,
            offset,
            entry: None,
        };
        let above = || self.inodes.parent(node).unwrap_or(NodeId::ROOT);
        match Place::from_offset(offset) {
            Place::Start => vec![dot(".", node, 1), dot("..", above(), 2)],
            Place::AfterDot => vec![dot("..", above(), 2)],
            Place::AfterDotDot | Place::After(_) => Vec::new(),
        }
    }

    /// Takes the entries out of the filesystem's hands before anything else is asked of it.
    fn collect(&self, node: NodeId, offset: u64, room: usize, header: usize) -> Result<Vec<Raw>> {
        let after = Place::from_offset(offset).cookie();
        let mut left = room.saturating_sub(if offset < 2 { 2 * (header + 8) } else { 0 });
        let mut raws = Vec::new();
        let mut bad = None;
        self.dir(node)?.read_dir(after, &mut |entry: DirEntry<'_>| {
            let size = (header + entry.name.as_bytes().len()).next_multiple_of(8);
            if size > left {
                return ControlFlow::Break(());
            }
            left -= size;
            match offset_of(entry.next) {
                Ok(offset) => raws.push(Raw {
                    name: entry.name.as_os_str().to_owned(),
                    inode: entry.inode,
                    kind: entry.kind,
                    offset,
                    attr: entry.attr.copied(),
                }),
                Err(error) => {
                    bad = Some(error);
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        })?;
        bad.map_or(Ok(raws), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_back_as_the_cookies_they_were() {
        for cookie in [1, 2, 3, 1 << 40, END - 3, END] {
            let offset = offset_of(Cookie(cookie)).unwrap();
            assert!(offset > 2 && offset <= END);
            assert_eq!(Place::from_offset(offset), Place::After(Cookie(cookie)), "{cookie}");
        }
        assert_eq!(Place::from_offset(0), Place::Start);
        assert!(offset_of(Cookie(END + 1)).is_err());
    }
}
