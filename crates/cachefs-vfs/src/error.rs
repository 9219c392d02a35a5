use std::fmt;
use std::path::{Path, PathBuf};

pub use rustix::io::Errno;

/// The result of a filesystem verb.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a filesystem verb failed: the errno a caller acts on and, where somebody will read it, what was tried on
/// which path. A bare one (a missing name, the commonest answer of all) allocates nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Error {
    errno: Errno,
    context: Option<Box<Context>>,
}

#[derive(Clone, PartialEq, Eq)]
struct Context {
    what: &'static str,
    path: PathBuf,
}

impl Error {
    /// An error without context.
    #[must_use]
    pub const fn new(errno: Errno) -> Self {
        Self { errno, context: None }
    }

    /// The verb is not one this filesystem has.
    #[must_use]
    pub const fn unsupported() -> Self {
        Self::new(Errno::OPNOTSUPP)
    }

    /// The answer of a verb inside [`crate::nowait::scope`] that would have to ask the backing.
    #[must_use]
    pub const fn would_block() -> Self {
        Self::new(Errno::WOULDBLOCK)
    }

    /// The number a caller acts on.
    #[must_use]
    pub const fn errno(&self) -> Errno {
        self.errno
    }

    /// Adds what was being done (`"opening"`) and where. An inner context is kept: it is nearer to the cause.
    #[must_use]
    pub fn on(mut self, what: &'static str, path: impl AsRef<Path>) -> Self {
        if self.context.is_none() {
            self.context = Some(Box::new(Context { what, path: path.as_ref().to_path_buf() }));
        }
        self
    }

    /// Whether the name or file is not there.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.errno == Errno::NOENT
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(context) = &self.context {
            write!(f, "{} {}: ", context.what, context.path.display())?;
        }
        let text = std::io::Error::from(self.errno).to_string();
        f.write_str(text.split(" (os error").next().unwrap_or(&text))
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} ({:?})", self.errno)
    }
}

impl std::error::Error for Error {}

impl From<Errno> for Error {
    fn from(errno: Errno) -> Self {
        Self::new(errno)
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::new(Errno::from_io_error(&error).unwrap_or(Errno::IO))
    }
}

impl From<Error> for std::io::Error {
    fn from(error: Error) -> Self {
        Self::new(Self::from(error.errno).kind(), error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_verb_path_and_reason() {
        let error = Error::new(Errno::NOENT).on("opening", "a/b").on("reading", "c");
        assert_eq!(error.to_string(), "opening a/b: No such file or directory");
        assert_eq!(std::io::Error::from(error).kind(), std::io::ErrorKind::NotFound);
    }

    #[test]
    fn a_bare_error_is_small() {
        assert!(size_of::<Error>() <= 16);
    }
}
