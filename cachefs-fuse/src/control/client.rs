use std::io::{self, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout, socket_peercred};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use serde_json::{Map, Value};

use super::undead::is_undead;
use super::{Refusal, Reply, Request, line};

/// How long it may take to be heard at all.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// One that listens to a mount's socket.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<UnixStream>,
    peer: u32,
    until: Option<Instant>,
}

/// Why a call came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The mount refused, or tried in vain.
    #[error("{0}")]
    Refused(Refusal),
    /// No answer came in time.
    #[error(
        "process {0}, which serves the mount, does not answer: it may be stopped (`kill -CONT {0}` has it go on), or \
         wait for its source"
    )]
    Silent(u32),
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
        let stream = connect_within(path, CONNECT_MAX)?;
        let peer = socket_peercred(&stream)?.pid.as_raw_nonzero().get().unsigned_abs();
        if is_undead(peer) {
            return Err(io::Error::new(io::ErrorKind::ConnectionRefused, Undead(peer)));
        }
        Ok(Self { stream: BufReader::new(stream), peer, until: None })
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

    /// Waits no longer than until then, for the end of whatever is asked; `None`: as long as it takes.
    pub fn give_up_at(&mut self, until: Option<Instant>) {
        self.until = until;
    }

    /// Who listens.
    #[must_use]
    pub fn peer(&self) -> u32 {
        self.peer
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
        // Who has no room for us says so and closes, before it has heard what we want.
        let sent = match self.stream.get_mut().write_all(text.as_bytes()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error.into()),
            sent => sent,
        };
        loop {
            let Some(line) = self.line()? else {
                return Err(sent.err().unwrap_or_else(|| io::ErrorKind::UnexpectedEof.into()).into());
            };
            match serde_json::from_str(&line).map_err(io::Error::from)? {
                Reply::Progress(far) => progress(&far),
                Reply::Done(done) => return Ok(done),
                Reply::Failed(refusal) => return Err(CallError::Refused(refusal)),
            }
        }
    }

    fn line(&mut self) -> Result<Option<String>, CallError> {
        if let Some(until) = self.until {
            // None at all would be for ever.
            let left = until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            self.stream.get_ref().set_read_timeout(Some(left))?;
        }
        line::read(&mut self.stream, line::ANSWER_MAX).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => CallError::Silent(self.peer),
            _ => error.into(),
        })
    }
}

/// One that is stopped takes no more of those who want to be heard than it has room for.
fn connect_within(path: &Path, longest: Duration) -> io::Result<UnixStream> {
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    set_socket_timeout(&socket, Timeout::Send, Some(longest))?;
    match connect(&socket, &SocketAddrUnix::new(path)?) {
        Ok(()) => Ok(socket.into()),
        Err(Errno::AGAIN) => Err(io::Error::new(io::ErrorKind::TimedOut, "nobody listens in time")),
        Err(errno) => Err(errno.into()),
    }
}

/// Who listens was killed and cannot end.
#[derive(Debug, thiserror::Error)]
#[error("process {0} was killed and cannot end")]
struct Undead(u32);

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use serde_json::Value;

    use super::super::RefusalKind;
    use super::*;

    fn listen() -> (tempfile::TempDir, UnixListener, Client) {
        let top = tempfile::tempdir().expect("temp");
        let path = top.path().join("s");
        let listener = UnixListener::bind(&path).expect("bound");
        let client = Client::connect(&path).expect("connected");
        (top, listener, client)
    }

    #[test]
    fn one_that_is_stopped_is_given_up_in_time() {
        let (_top, _listener, mut client) = listen();
        client.give_up_at(Some(Instant::now() + Duration::from_millis(50)));
        let told = client.call(&Request::new("status", Value::Null), |_| {});
        assert!(matches!(told, Err(CallError::Silent(pid)) if pid == std::process::id()), "{told:?}");
        client.give_up_at(None);
        client.patience(Some(Duration::from_millis(50))).expect("set");
        let told = client.call(&Request::new("status", Value::Null), |_| {});
        assert!(matches!(told, Err(CallError::Silent(_))), "{told:?}");
    }

    #[test]
    fn one_that_takes_nobody_is_given_up_in_time() {
        let top = tempfile::tempdir().expect("temp");
        let path = top.path().join("s");
        let _listener = UnixListener::bind(&path).expect("bound");
        let mut waiting = Vec::new();
        let refused = loop {
            match connect_within(&path, Duration::from_millis(20)) {
                Ok(stream) => waiting.push(stream),
                Err(error) => break error,
            }
        };
        assert_eq!(refused.kind(), io::ErrorKind::TimedOut);
        assert!(!waiting.is_empty());
    }

    #[test]
    fn one_that_has_no_room_is_heard_before_it_is_asked() {
        let (_top, listener, mut client) = listen();
        let (mut server, _) = listener.accept().expect("accepted");
        let line = "{\"event\":\"failed\",\"kind\":\"temporary\",\"message\":\"full\"}\n";
        server.write_all(line.as_bytes()).expect("sent");
        drop(server);
        let told = client.call(&Request::new("status", Value::Null), |_| {});
        let refused = |refusal: &Refusal| refusal.kind == RefusalKind::Temporary && refusal.message == "full";
        assert!(matches!(&told, Err(CallError::Refused(refusal)) if refused(refusal)), "{told:?}");
        let told = client.call(&Request::new("status", Value::Null), |_| {});
        assert!(matches!(told, Err(CallError::Broken(_))), "{told:?}");
    }
}
