use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All is well.
    Done = 0,
    /// It did not come to pass.
    Failed = 1,
    /// The command line cannot be followed.
    Usage = 2,
    /// A file does not exist.
    NotFound = 3,
    /// There is no mount, or nobody serves it.
    NotMounted = 4,
    /// Later it may come to pass.
    Temporary = 5,
    /// Bytes are still not in the source.
    Dirty = 10,
    /// Others had changed files, too: both versions were kept.
    Conflicts = 11,
    /// The journal lost something, or cannot be read.
    Corrupt = 12,
}

impl Exit {
    /// After bytes were to be written to the source.
    pub(crate) fn after(lost: bool, dirty: bool, conflicts: bool) -> Self {
        match (lost, dirty, conflicts) {
            (true, ..) => Self::Corrupt,
            (false, true, _) => Self::Dirty,
            (false, false, true) => Self::Conflicts,
            (false, false, false) => Self::Done,
        }
    }

    pub(crate) const fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}
