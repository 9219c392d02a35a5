use std::fmt;
use std::panic::Location;

use cachefs_vfs::{Errno, Error};

/// How a case ended.
pub(super) type Outcome<T = ()> = Result<T, Failure>;

/// What was wrong, and where in the case.
#[derive(Debug)]
pub(super) struct Failure {
    what: String,
    at: &'static Location<'static>,
}

impl Failure {
    #[track_caller]
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), at: Location::caller() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}:{})", self.what, self.at.file(), self.at.line())
    }
}

impl From<Error> for Failure {
    #[track_caller]
    fn from(error: Error) -> Self {
        Self::new(format!("{error:?}"))
    }
}

/// Insists on `condition`.
#[track_caller]
pub(super) fn ensure(condition: bool, what: &str) -> Outcome {
    if condition { Ok(()) } else { Err(Failure::new(what)) }
}

/// Insists that two values are the same.
#[track_caller]
pub(super) fn same<T: PartialEq + fmt::Debug>(got: T, want: T) -> Outcome {
    if got == want { Ok(()) } else { Err(Failure::new(format!("got {got:?}, expected {want:?}"))) }
}

/// Insists that bytes are the same, without printing all of them.
#[track_caller]
pub(super) fn same_bytes(got: &[u8], want: &[u8]) -> Outcome {
    crate::model::same_bytes(want, got).map_err(Failure::new)
}

/// Insists that a verb fails, with this errno.
#[track_caller]
pub(super) fn fails<T: fmt::Debug>(result: Result<T, Error>, errno: Errno) -> Outcome {
    fails_with(result, &[errno])
}

/// Insists that a verb fails, with one of these.
#[track_caller]
pub(super) fn fails_with<T: fmt::Debug>(result: Result<T, Error>, errnos: &[Errno]) -> Outcome {
    match result {
        Err(error) if errnos.contains(&error.errno()) => Ok(()),
        other => Err(Failure::new(format!("gave {other:?}, expected {errnos:?}"))),
    }
}
