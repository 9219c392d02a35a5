use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// One mount of `/proc/self/mountinfo`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MountEntry {
    id: u64,
    /// The mount that it is mounted on.
    parent: u64,
    /// The directory of the filesystem that is its top.
    root: PathBuf,
    /// `MAJOR:MINOR` of the device.
    pub(crate) device: String,
    /// Where it is mounted.
    pub(crate) path: PathBuf,
    /// The type of the filesystem, `fuse.SUBTYPE` for ours.
    pub(crate) kind: String,
    /// What the filesystem calls its source.
    pub(crate) source: OsString,
    /// The user who mounted a FUSE filesystem.
    pub(crate) owner: Option<u32>,
}

/// The topmost mount at `path`, if there is one. Asks the kernel's table, never the mount itself.
pub(super) fn mounted_at(path: &Path) -> std::io::Result<Option<MountEntry>> {
    Ok(table()?.into_iter().rfind(|entry| entry.path == path))
}

/// The mount that a path (absolute, without symlinks) lies in. Asks the kernel's table, never the mount itself.
pub(crate) fn containing(path: &Path) -> std::io::Result<Option<MountEntry>> {
    let within = table()?.into_iter().filter(|entry| path.starts_with(&entry.path));
    // Of those at one place the last is on top.
    Ok(within.max_by_key(|entry| entry.path.components().count()))
}

/// Where other filesystems are mounted on the one with this device, as paths from its top. Those that other mount
/// namespaces have there are not seen.
pub(crate) fn mounted_below(device: &str) -> std::io::Result<Vec<PathBuf>> {
    Ok(below(device, &table()?))
}

fn below(device: &str, table: &[MountEntry]) -> Vec<PathBuf> {
    let on = |entry: &MountEntry| {
        let parent = table.iter().find(|ours| ours.device == device && ours.id == entry.parent)?;
        let inside = entry.path.strip_prefix(&parent.path).unwrap_or(&entry.path);
        let top = parent.root.strip_prefix("/").unwrap_or(&parent.root);
        Some(top.join(inside.strip_prefix("/").unwrap_or(inside)))
    };
    table.iter().filter_map(on).collect()
}

/// All mounts of this mount namespace.
pub(crate) fn table() -> std::io::Result<Vec<MountEntry>> {
    let table = std::fs::read("/proc/self/mountinfo")?;
    Ok(table.split(|&b| b == b'\n').filter_map(parse).collect())
}

fn parse(line: &[u8]) -> Option<MountEntry> {
    let mut fields = line.split(|&b| b == b' ');
    let mut number = || std::str::from_utf8(fields.next()?).ok()?.parse().ok();
    let (id, parent) = (number()?, number()?);
    let device = String::from_utf8(fields.next()?.to_vec()).ok()?;
    let root = PathBuf::from(unescape(fields.next()?));
    let path = PathBuf::from(unescape(fields.next()?));
    let mut rest = fields.skip_while(|field| *field != b"-").skip(1);
    let kind = String::from_utf8_lossy(rest.next()?).into_owned();
    let source = unescape(rest.next()?);
    let owner = owner(rest.next().unwrap_or_default());
    Some(MountEntry { id, parent, root, device, path, kind, source, owner })
}

fn owner(options: &[u8]) -> Option<u32> {
    let id = options.split(|&b| b == b',').find_map(|option| option.strip_prefix(b"user_id="))?;
    std::str::from_utf8(id).ok()?.parse().ok()
}

/// Blanks, tabs, newlines and backslashes are written as three octal digits.
fn unescape(field: &[u8]) -> OsString {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&byte, tail)) = rest.split_first() {
        let code = tail.get(..3).and_then(|d| u8::from_str_radix(std::str::from_utf8(d).ok()?, 8).ok());
        match code {
            Some(code) if byte == b'\\' => {
                bytes.push(code);
                rest = &tail[3..];
            }
            _ => {
                bytes.push(byte);
                rest = tail;
            }
        }
    }
    OsString::from_vec(bytes)
}

/// Escapes what separates options for `fusermount3`.
pub(super) fn escape_option(value: &OsStr) -> OsString {
    let mut bytes = Vec::with_capacity(value.len());
    for &byte in value.as_bytes() {
        if matches!(byte, b',' | b'\\') {
            bytes.push(b'\\');
        }
        bytes.push(byte);
    }
    OsString::from_vec(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_mountinfo_gives_device_and_path() {
        let line = br"36 35 0:51 / /mnt/a\040b rw,noatime shared:1 - fuse.cachefs /data rw,user_id=0";
        let entry = parse(line).unwrap();
        assert_eq!((entry.device.as_str(), entry.path.as_path()), ("0:51", Path::new("/mnt/a b")));
        assert_eq!((entry.kind.as_str(), entry.source.as_os_str()), ("fuse.cachefs", OsStr::new("/data")));
        assert_eq!(entry.owner, Some(0));
        assert_eq!(parse(b""), None);
    }

    #[test]
    fn what_is_mounted_on_a_filesystem_is_found_through_all_its_mounts() {
        let table: Vec<_> = [
            &b"1 0 8:1 / / rw - ext4 /dev/sda rw"[..],
            b"2 1 0:51 / /mnt rw - fuse.cachefs /data rw",
            b"3 2 0:60 / /mnt/a/b rw - tmpfs none rw",
            b"4 3 0:61 / /mnt/a/b/c rw - tmpfs none rw",
            b"5 1 0:51 /d /other rw - fuse.cachefs /data rw",
            b"6 5 0:62 / /other/e rw - tmpfs none rw",
        ]
        .into_iter()
        .filter_map(parse)
        .collect();
        assert_eq!(below("0:51", &table), [Path::new("a/b"), Path::new("d/e")]);
        assert!(below("0:61", &table).is_empty());
    }

    #[test]
    fn commas_are_escaped() {
        assert_eq!(escape_option(OsStr::new(r"a,b\c")), OsStr::new(r"a\,b\\c"));
    }
}
