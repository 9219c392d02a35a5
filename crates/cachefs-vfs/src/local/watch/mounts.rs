use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Seek};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use rustix::fs::makedev;

use crate::Result;

/// A filesystem mounted below the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mount {
    /// Tells two mounts apart that are at the same place one after the other.
    id: u64,
    pub(super) device: u64,
    pub(super) point: PathBuf,
}

/// What became of the mounts below the root.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Change<'a> {
    pub(super) now: &'a [Mount],
    /// The devices of mounts that are gone, though the device may be mounted again. What is still mounted where it
    /// was did not end with another mount of it.
    pub(super) broken: Vec<u64>,
}

/// What is mounted below a directory, and whether that changed.
#[derive(Debug)]
pub(super) struct Mounts {
    table: File,
    below: Vec<Mount>,
}

/// The table of a machine with ten thousand mounts is shorter.
const TABLE_MAX: u64 = 16 << 20;

impl Mounts {
    /// As of now, below `top`.
    pub(super) fn below(top: &Path) -> Result<Self> {
        let mut mounts = Self { table: File::open("/proc/self/mountinfo")?, below: Vec::new() };
        mounts.changed(top, Vec::new())?;
        Ok(mounts)
    }

    /// Polls exceptional when the table changed.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.table.as_fd()
    }

    /// Looks again; `None` if nothing changed. The devices `ended` are known to be broken.
    pub(super) fn changed(&mut self, top: &Path, ended: Vec<u64>) -> Result<Option<Change<'_>>> {
        self.table.rewind()?;
        let mut text = Vec::new();
        (&self.table).take(TABLE_MAX).read_to_end(&mut text)?;
        let below: Vec<_> = text
            .split(|&byte| byte == b'\n')
            .filter_map(parse)
            .filter(|mount| mount.point != top && mount.point.starts_with(top))
            .collect();
        if below == self.below && ended.is_empty() {
            return Ok(None);
        }
        let mut broken = broken(&self.below, &below);
        broken.extend(ended);
        self.below = below;
        Ok(Some(Change { now: &self.below, broken }))
    }
}

fn broken(before: &[Mount], now: &[Mount]) -> Vec<u64> {
    let (stayed, gone): (Vec<_>, Vec<_>) = before.iter().partition(|mount| now.contains(mount));
    let is_broken = |device: &u64| stayed.iter().all(|mount| mount.device != *device);
    gone.iter().map(|mount| mount.device).filter(is_broken).collect()
}

/// `ID PARENT MAJOR:MINOR ROOT POINT ...`
fn parse(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|&byte| byte == b' ');
    let mut next = || fields.next();
    let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse().ok();
    let id = number(next()?)?;
    next()?;
    let device = std::str::from_utf8(next()?).ok()?;
    let (major, minor) = device.split_once(':')?;
    let device = makedev(major.parse().ok()?, minor.parse().ok()?);
    next()?;
    Some(Mount { id, device, point: plain(next()?) })
}

/// A path without the escapes of the table (`\040` for a space).
fn plain(text: &[u8]) -> PathBuf {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        let escaped = after.first_chunk::<3>().filter(|_| first == b'\\');
        let code = escaped.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        bytes.push(code.unwrap_or(first));
        rest = if code.is_some() { &after[3..] } else { after };
    }
    OsString::from_vec(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_table_is_understood() {
        let line = br"36 35 98:0 /mnt1 /mnt\0402\134x rw,noatime master:1 - ext3 /dev/root rw";
        let mount = Mount { id: 36, device: makedev(98, 0), point: r"/mnt 2\x".into() };
        assert_eq!(parse(line), Some(mount));
        for bad in [&b""[..], b"36 35", b"x 35 98:0 / /a", b"36 35 98 / /a"] {
            assert_eq!(parse(bad), None);
        }
    }

    #[test]
    fn a_filesystem_ends_with_its_last_mount() {
        let mount = |id, device| Mount { id, device, point: format!("/{id}").into() };
        let both = [mount(1, 10), mount(2, 10)];
        assert_eq!(broken(&both, &both[..1]), [], "a second mount of what is still mounted");
        assert_eq!(broken(&both[..1], &[]), [10]);
        assert_eq!(broken(&both[..1], &[mount(2, 10)]), [10], "mounted anew: it may have ended in between");
        let replaced = [Mount { device: 11, ..mount(1, 10) }];
        assert_eq!(broken(&both[..1], &replaced), [10], "numbers of mounts are used again");
    }

    #[test]
    fn only_what_lies_below_counts() {
        let mut all = Mounts::below(Path::new("/")).unwrap();
        assert!(all.below.iter().any(|mount| mount.point == Path::new("/proc")));
        assert_eq!(all.changed(Path::new("/"), Vec::new()).unwrap(), None, "nothing changed");
        let replaced = all.changed(Path::new("/"), vec![7]).unwrap();
        assert_eq!(replaced.map(|change| change.broken), Some(vec![7]), "though it looks the same");
        assert!(Mounts::below(Path::new("/proc/self/task")).unwrap().below.is_empty());
    }
}
