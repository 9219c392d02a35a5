use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// A line of `/proc/self/mountinfo`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) mountpoint: PathBuf,
    pub(crate) fs_type: String,
    pub(crate) source: OsString,
    /// `MAJOR:MINOR`.
    device: String,
    /// The directory of the filesystem that is its top.
    root: PathBuf,
}

/// A directory by its filesystem: the same whatever it is mounted on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    device: String,
    path: PathBuf,
}

impl Spot {
    /// Whether one of both lies in the other, or is it.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let nested = self.path.starts_with(&other.path) || other.path.starts_with(&self.path);
        self.device == other.device && nested
    }
}

/// What is mounted, the later above the earlier.
#[derive(Debug)]
pub(crate) struct MountTable(Vec<Entry>);

impl MountTable {
    /// The table as of now.
    ///
    /// # Errors
    /// As reading `/proc` has them.
    pub(crate) fn read() -> io::Result<Self> {
        Ok(Self::parse(&std::fs::read("/proc/self/mountinfo")?))
    }

    fn parse(text: &[u8]) -> Self {
        Self(text.split(|byte| *byte == b'\n').filter_map(Entry::parse).collect())
    }

    /// What is visible at exactly this path.
    pub(crate) fn at(&self, path: &Path) -> Option<&Entry> {
        self.0.iter().rev().find(|entry| entry.mountpoint == path)
    }

    /// Where a path (absolute, without symlinks) is in its filesystem. Nobody is asked for it.
    pub(crate) fn spot(&self, path: &Path) -> Option<Spot> {
        let within = self.0.iter().filter(|entry| path.starts_with(&entry.mountpoint));
        // Of those at one place the last is on top.
        let entry = within.max_by_key(|entry| entry.mountpoint.components().count())?;
        let below = path.strip_prefix(&entry.mountpoint).ok()?;
        Some(Spot { device: entry.device.clone(), path: entry.root.join(below) })
    }

    /// What is mounted below this path.
    pub(crate) fn below<'a>(&'a self, path: &'a Path) -> impl Iterator<Item = &'a Entry> {
        self.0.iter().filter(move |entry| entry.mountpoint != path && entry.mountpoint.starts_with(path))
    }
}

impl Entry {
    /// `ID PARENT MAJOR:MINOR ROOT MOUNTPOINT OPTIONS [FIELDS...] - TYPE SOURCE SUPER_OPTIONS`
    fn parse(line: &[u8]) -> Option<Self> {
        let mut fields = line.split(|byte| *byte == b' ');
        let device = String::from_utf8_lossy(fields.nth(2)?).into_owned();
        let root = plain(fields.next()?).into();
        let mountpoint = plain(fields.next()?).into();
        let mut after = fields.skip_while(|field| *field != b"-").skip(1);
        let fs_type = String::from_utf8_lossy(after.next()?).into_owned();
        Some(Self { mountpoint, fs_type, source: plain(after.next()?), device, root })
    }
}

/// The kernel writes blanks, tabs, line ends and backslashes as three octal digits.
fn plain(field: &[u8]) -> OsString {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let [first, tail @ ..] = rest {
        let (byte, tail) = match rest {
            [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', tail @ ..] => {
                (((a - b'0') << 6) | ((b - b'0') << 3) | (c - b'0'), tail)
            }
            _ => (*first, tail),
        };
        bytes.push(byte);
        rest = tail;
    }
    OsString::from_vec(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 22 0:50 / /mnt/a\\040b rw shared:2 master:1 - fuse.cachefs /src\\134x rw,user_id=0
41 40 0:51 / /mnt/a\\040b/c rw - tmpfs tmpfs rw
42 40 0:52 / /mnt/a\\040b rw - ext4 /dev/sdb rw
";

    #[test]
    fn the_topmost_mount_is_found() {
        let table = MountTable::parse(TABLE.as_bytes());
        assert_eq!(table.at(Path::new("/mnt/a b")).map(|entry| entry.fs_type.as_str()), Some("ext4"));
        assert_eq!(table.at(Path::new("/mnt")), None);
        assert_eq!(table.0[1].source, "/src\\x");
        assert_eq!(table.below(Path::new("/mnt/a b")).count(), 1);
    }

    #[test]
    fn this_machine_has_a_root() {
        assert!(MountTable::read().expect("/proc").at(Path::new("/")).is_some());
    }
}
