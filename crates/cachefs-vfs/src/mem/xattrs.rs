use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use crate::{Errno, Error, FileKind, Result, XattrHow};

const NAME_MAX: usize = 255;
const VALUE_MAX: usize = 64 * 1024;

/// Names and values of one inode together, in bytes.
const TOTAL_MAX: usize = 256 * 1024;

/// File capabilities, which a write takes away like set-id bits.
const CAPABILITIES: &str = "security.capability";

const NAMESPACES: [&[u8]; 4] = [b"user.", b"trusted.", b"security.", b"system."];

/// The xattrs of one inode.
#[derive(Debug, Default)]
pub(super) struct Xattrs(BTreeMap<OsString, Vec<u8>>);

impl Xattrs {
    pub(super) fn get(&self, key: &OsStr) -> Result<Vec<u8>> {
        check_key(key)?;
        self.0.get(key).cloned().ok_or(Error::new(Errno::NODATA))
    }

    pub(super) fn names(&self) -> Vec<OsString> {
        self.0.keys().cloned().collect()
    }

    pub(super) fn set(&mut self, kind: FileKind, key: &OsStr, value: &[u8], how: XattrHow) -> Result<()> {
        check_key(key)?;
        check_kind(kind, key)?;
        if value.len() > VALUE_MAX {
            return Err(Error::new(Errno::TOOBIG));
        }
        let map = &mut self.0;
        let old = map.get(key).map(Vec::len);
        match (how, old) {
            (XattrHow::Create, Some(_)) => return Err(Error::new(Errno::EXIST)),
            (XattrHow::Replace, None) => return Err(Error::new(Errno::NODATA)),
            _ => {}
        }
        let others: usize = map.iter().filter(|(name, _)| *name != key).map(|(k, v)| k.len() + v.len()).sum();
        if others + key.len() + value.len() > TOTAL_MAX {
            return Err(Error::new(Errno::NOSPC));
        }
        map.insert(key.to_owned(), value.to_owned());
        Ok(())
    }

    pub(super) fn remove(&mut self, kind: FileKind, key: &OsStr) -> Result<()> {
        check_key(key)?;
        check_kind(kind, key)?;
        let removed = self.0.remove(key);
        removed.map(drop).ok_or(Error::new(Errno::NODATA))
    }

    pub(super) fn drop_capabilities(&mut self) {
        self.0.remove(OsStr::new(CAPABILITIES));
    }
}

fn check_key(key: &OsStr) -> Result<()> {
    let bytes = key.as_bytes();
    if bytes.is_empty() || bytes.len() > NAME_MAX {
        return Err(Error::new(Errno::RANGE));
    }
    if bytes.contains(&0) {
        return Err(Error::new(Errno::INVAL));
    }
    if !NAMESPACES.iter().any(|space| bytes.starts_with(space) && bytes.len() > space.len()) {
        return Err(Error::unsupported());
    }
    Ok(())
}

/// Only files and directories carry what users attach: who may write to a device does not own it.
fn check_kind(kind: FileKind, key: &OsStr) -> Result<()> {
    let free = matches!(kind, FileKind::Regular | FileKind::Directory);
    if !free && key.as_bytes().starts_with(b"user.") { Err(Error::new(Errno::PERM)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errno<T>(result: Result<T>) -> Option<Errno> {
        result.err().map(|error| error.errno())
    }

    fn set(xattrs: &mut Xattrs, key: &str, length: usize, how: XattrHow) -> Option<Errno> {
        errno(xattrs.set(FileKind::Regular, key.as_ref(), &vec![0; length], how))
    }

    #[test]
    fn create_and_replace_look_at_what_is_there() {
        let mut xattrs = Xattrs::default();
        assert_eq!(set(&mut xattrs, "user.a", 1, XattrHow::Replace), Some(Errno::NODATA));
        assert_eq!(set(&mut xattrs, "user.a", 1, XattrHow::Create), None);
        assert_eq!(set(&mut xattrs, "user.a", 1, XattrHow::Create), Some(Errno::EXIST));
        assert_eq!(set(&mut xattrs, "user.a", 2, XattrHow::Replace), None);
        assert_eq!(xattrs.get("user.a".as_ref()).map(|value| value.len()), Ok(2));
        assert_eq!(errno(xattrs.remove(FileKind::Regular, "user.b".as_ref())), Some(Errno::NODATA));
    }

    #[test]
    fn sizes_and_names_are_limited() {
        let mut xattrs = Xattrs::default();
        assert_eq!(set(&mut xattrs, "user.a", VALUE_MAX + 1, XattrHow::Set), Some(Errno::TOOBIG));
        assert_eq!(set(&mut xattrs, "plain", 1, XattrHow::Set), Some(Errno::OPNOTSUPP));
        assert_eq!(set(&mut xattrs, "", 1, XattrHow::Set), Some(Errno::RANGE));
        let full =
            (0..5).find(|n| set(&mut xattrs, &format!("user.{n}"), VALUE_MAX, XattrHow::Set).is_some());
        assert_eq!(full, Some(3), "four full values and their names are more than the total");
        assert_eq!(set(&mut xattrs, "user.0", VALUE_MAX, XattrHow::Set), None, "replacing takes no more");
    }

    #[test]
    fn symlinks_carry_no_user_xattrs() {
        let mut xattrs = Xattrs::default();
        let result = xattrs.set(FileKind::Symlink, "user.a".as_ref(), b"", XattrHow::Set);
        assert_eq!(errno(result), Some(Errno::PERM));
        let result = xattrs.set(FileKind::Symlink, "trusted.a".as_ref(), b"", XattrHow::Set);
        assert_eq!(errno(result), None);
    }
}
