use cachefs_fuse::control::{CallError, RefusalKind};

use crate::exit::Exit;

/// Why something did not come to pass: one line, and the exit code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) exit: Exit,
    pub(crate) message: String,
}

impl Trouble {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into().replace('\n', " ") }
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
            CallError::Broken(_) => Exit::Failed,
        };
        Self::new(exit, error.to_string())
    }
}
