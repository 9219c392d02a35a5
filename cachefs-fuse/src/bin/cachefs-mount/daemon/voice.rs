use std::io::{self, BufRead, Write};

use cachefs_fuse::control::plain;

use crate::failure::Failure;

/// How a daemon speaks to who started it, until the mount is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Voice {
    /// In the foreground, to people.
    Terminal,
    /// In the background, to the parent, over the pipe that is our standard output.
    Pipe,
}

/// One line of what a daemon says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// Worth knowing; the start goes on.
    Note(String),
    /// The mount is ready.
    Ready(String),
    /// There will be no mount.
    Failed(Failure),
}

impl Voice {
    /// Says it.
    ///
    /// # Errors
    /// When nobody listens any more.
    pub(crate) fn say(self, word: &Word) -> io::Result<()> {
        match self {
            Self::Terminal => word.show(),
            Self::Pipe => writeln!(io::stdout(), "{}", word.encode()),
        }
    }

    /// Says something that may go unheard.
    pub(crate) fn note(self, text: &str) {
        if let Err(error) = self.say(&Word::Note(text.to_owned())) {
            tracing::warn!(%error, text, "nobody heard");
        }
    }
}

impl Word {
    /// Writes it where people look for it.
    ///
    /// # Errors
    /// As writing has them.
    pub(crate) fn show(&self) -> io::Result<()> {
        match self {
            Self::Ready(text) if text.is_empty() => Ok(()),
            Self::Ready(text) => writeln!(io::stdout(), "{}", plain(text)),
            Self::Note(text) => writeln!(io::stderr(), "cachefs-mount: {}", plain(text)),
            Self::Failed(failure) => writeln!(io::stderr(), "cachefs-mount: {}", plain(&failure.to_string())),
        }
    }

    fn encode(&self) -> String {
        match self {
            Self::Note(text) => format!("note {}", text.replace('\n', " ")),
            Self::Ready(text) => format!("ready {}", text.replace('\n', " ")),
            Self::Failed(failure) => format!("failed {} {failure}", failure.code()),
        }
    }

    fn decode(line: &str) -> Option<Self> {
        let (kind, text) = line.split_once(' ')?;
        match kind {
            "note" => Some(Self::Note(text.to_owned())),
            "ready" => Some(Self::Ready(text.to_owned())),
            "failed" => {
                let (code, message) = text.split_once(' ')?;
                Some(Self::Failed(Failure::new(code.parse().ok()?, message)))
            }
            _ => None,
        }
    }

    /// Hears the next word; `None` when the speaker is gone.
    ///
    /// # Errors
    /// As reading has them, `InvalidData` for what is no word.
    pub(crate) fn hear(from: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut line = String::new();
        if from.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        Self::decode(line.trim_end_matches('\n')).map(Some).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_heard() {
        let words = [
            Word::Note("a b".into()),
            Word::Failed(Failure::mount("no such\nthing")),
            Word::Ready(String::new()),
            Word::Ready("{}".into()),
        ];
        let lines: String = words.iter().map(|word| word.encode() + "\n").collect();
        let mut input = lines.as_bytes();
        for word in words {
            assert_eq!(Word::hear(&mut input).expect("well-formed"), Some(word));
        }
        assert_eq!(Word::hear(&mut input).expect("the end"), None);
        assert!(Word::hear(&mut &b"hm\n"[..]).is_err());
    }
}
