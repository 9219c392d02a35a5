use cachefs_fuse::control::{CallError, RefusalKind, plain};

use crate::exit::Exit;

/// Why something did not come to pass: one line, and the exit code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) exit: Exit,
    pub(crate) message: String,
}

impl Trouble {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: plain(&message.into()).into_owned() }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, message)
    }

    pub(crate) fn not_mounted(message: impl Into<String>) -> Self {
        Self::new(Exit::NotMounted, message)
    }
}

impl From<CallError> for Trouble {
    fn from(error: CallError) -> Self {
        let exit = match &error {
            CallError::Refused(refusal) => match refusal.kind {
                RefusalKind::Usage => Exit::Usage,
                RefusalKind::NotFound => Exit::NotFound,
                RefusalKind::Temporary => Exit::Temporary,
                RefusalKind::Version | RefusalKind::Failed => Exit::Failed,
            },
            CallError::Silent(_) => Exit::Temporary,
            CallError::Broken(_) => Exit::Failed,
        };
        Self::new(exit, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_that_steers_no_terminal() {
        assert_eq!(Trouble::failed("a\nb\x1b[2J").message, r"a\nb\u{1b}[2J");
    }
}
