use std::io::{self, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use rustix::net::sockopt::socket_peercred;
use serde_json::{Map, Value};

use super::undead::is_undead;
use super::{Refusal, Reply, Request, line};

/// One that listens to a mount's socket.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<UnixStream>,
}

/// Why a call came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The mount refused, or tried in vain.
    #[error("{0}")]
    Refused(Refusal),
    /// The mount is gone, or does not answer.
    #[error("the mount does not answer: {0}")]
    Broken(#[from] io::Error),
}

impl Client {
    /// Connects to the socket at `path`.
    ///
    /// # Errors
    /// `NotFound` or `ConnectionRefused` if nobody listens there; [`Client::undead`] tells if somebody did who was
    /// killed.
    pub fn connect(path: &Path) -> io::Result<Self> {
        let stream = UnixStream::connect(path)?;
        let peer = socket_peercred(&stream)?.pid.as_raw_nonzero().get().unsigned_abs();
        if is_undead(peer) {
            return Err(io::Error::new(io::ErrorKind::ConnectionRefused, Undead(peer)));
        }
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// The process that listens but was killed and cannot end, if that is why [`Client::connect`] failed.
    #[must_use]
    pub fn undead(error: &io::Error) -> Option<u32> {
        error.get_ref()?.downcast_ref::<Undead>().map(|Undead(pid)| *pid)
    }

    /// Waits no longer than this for each line; `None`: as long as it takes.
    ///
    /// # Errors
    /// As the socket has them.
    pub fn patience(&self, longest: Option<Duration>) -> io::Result<()> {
        self.stream.get_ref().set_read_timeout(longest)
    }

    /// Asks, and waits for the end; `progress` hears how far it is.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn call(
        &mut self,
        request: &Request,
        mut progress: impl FnMut(&Map<String, Value>),
    ) -> Result<Map<String, Value>, CallError> {
        let mut text = serde_json::to_string(request).map_err(io::Error::from)?;
        text.push('\n');
        self.stream.get_mut().write_all(text.as_bytes())?;
        loop {
            let line = line::read(&mut self.stream, line::ANSWER_MAX)?.ok_or(io::ErrorKind::UnexpectedEof);
            match serde_json::from_str(&line.map_err(io::Error::from)?).map_err(io::Error::from)? {
                Reply::Progress(far) => progress(&far),
                Reply::Done(done) => return Ok(done),
                Reply::Failed(refusal) => return Err(CallError::Refused(refusal)),
            }
        }
    }
}

/// Who listens was killed and cannot end.
#[derive(Debug, thiserror::Error)]
#[error("process {0} was killed and cannot end")]
struct Undead(u32);
