use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;

use crate::{Errno, Error, Result};

/// One component of a path: not empty, no `/`, no NUL, not `.` or `..`, at most 255 bytes. A verb that takes a
/// `Name` cannot leave its directory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name<'a>(&'a OsStr);

/// The longest name Linux allows, in bytes.
const LENGTH_MAX: usize = 255;

impl<'a> Name<'a> {
    /// Checks `name`.
    ///
    /// # Errors
    /// `ENAMETOOLONG` above 255 bytes, else `EINVAL` when it is not one plain component.
    pub fn new<S: AsRef<OsStr> + ?Sized>(name: &'a S) -> Result<Self> {
        let name = name.as_ref();
        let bytes = name.as_bytes();
        if bytes.len() > LENGTH_MAX {
            return Err(Error::new(Errno::NAMETOOLONG));
        }
        if matches!(bytes, b"" | b"." | b"..") || bytes.iter().any(|b| matches!(b, b'/' | 0)) {
            return Err(Error::new(Errno::INVAL));
        }
        Ok(Self(name))
    }

    /// The name as the operating system has it.
    #[must_use]
    pub fn as_os_str(self) -> &'a OsStr {
        self.0
    }

    /// The bytes of the name.
    #[must_use]
    pub fn as_bytes(self) -> &'a [u8] {
        self.0.as_bytes()
    }
}

impl AsRef<OsStr> for Name<'_> {
    fn as_ref(&self) -> &OsStr {
        self.0
    }
}

impl fmt::Debug for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_single_plain_components_are_names() {
        for good in ["a", "...", "a b", ".hidden", "ä"] {
            assert!(Name::new(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "a/b", "/", "a\0b"] {
            assert_eq!(Name::new(bad).map_err(|e| e.errno()), Err(Errno::INVAL), "{bad}");
        }
        assert!(Name::new(&"x".repeat(255)).is_ok());
        assert_eq!(Name::new(&"x".repeat(256)).map_err(|e| e.errno()), Err(Errno::NAMETOOLONG));
    }
}
