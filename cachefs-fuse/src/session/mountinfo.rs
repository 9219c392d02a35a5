use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// One mount of `/proc/self/mountinfo`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MountEntry {
    /// `MAJOR:MINOR` of the device.
    pub(super) device: String,
    /// Where it is mounted.
    pub(super) path: PathBuf,
}

/// The topmost mount at `path`, if there is one. Asks the kernel's table, never the mount itself.
pub(super) fn mounted_at(path: &Path) -> std::io::Result<Option<MountEntry>> {
    let table = std::fs::read("/proc/self/mountinfo")?;
    Ok(table.split(|&b| b == b'\n').filter_map(parse).rfind(|entry| entry.path == path))
}

fn parse(line: &[u8]) -> Option<MountEntry> {
    let mut fields = line.split(|&b| b == b' ');
    let device = String::from_utf8(fields.nth(2)?.to_vec()).ok()?;
    let path = PathBuf::from(unescape(fields.nth(1)?));
    Some(MountEntry { device, path })
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
        assert_eq!(parse(b""), None);
    }

    #[test]
    fn commas_are_escaped() {
        assert_eq!(escape_option(OsStr::new(r"a,b\c")), OsStr::new(r"a\,b\\c"));
    }
}
