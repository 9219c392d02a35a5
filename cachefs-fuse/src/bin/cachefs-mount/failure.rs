use std::fmt;

/// Why there is no mount: one line for the user and the exit code, as mount(8) has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    /// The command line cannot be followed, or the user may not do this.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(1, message)
    }

    /// The machine lacks something.
    pub(crate) fn system(message: impl Into<String>) -> Self {
        Self::new(2, message)
    }

    /// Mounting this source here failed.
    pub(crate) fn mount(message: impl Into<String>) -> Self {
        Self::new(32, message)
    }

    /// With the given exit code; line ends in the message become blanks.
    pub(crate) fn new(code: u8, message: impl Into<String>) -> Self {
        Self { code, message: message.into().replace('\n', " ") }
    }

    /// The exit code.
    pub(crate) const fn code(&self) -> u8 {
        self.code
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
