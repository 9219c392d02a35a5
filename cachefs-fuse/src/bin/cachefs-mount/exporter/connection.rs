use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use super::request::{LENGTH_MAX, Request};

/// How long one connection may take, all in all.
pub(super) const TURN_MAX: Duration = Duration::from_secs(5);

/// One who asks, or is being answered. Never waits.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) stream: TcpStream,
    pub(super) deadline: Instant,
    asked: Vec<u8>,
    /// What is to be sent, once it is known, and how much of it was.
    answer: Option<(Vec<u8>, usize)>,
}

/// What is next for a connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The peer has to do something.
    Wait,
    /// It is to be answered.
    Answer(Request),
    /// It is over.
    Over,
}

impl Connection {
    /// # Errors
    /// As the kernel has them.
    pub(super) fn new(stream: TcpStream, now: Instant) -> std::io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self { stream, deadline: now + TURN_MAX, asked: Vec::new(), answer: None })
    }

    /// Whether it waits to be written to, rather than to be read from.
    pub(super) const fn is_answered(&self) -> bool {
        self.answer.is_some()
    }

    /// Does what can be done at once.
    pub(super) fn go_on(&mut self) -> Next {
        let done = if self.is_answered() { self.write() } else { self.read() };
        match done {
            Ok(next) => next,
            Err(error) if error.kind() == ErrorKind::WouldBlock => Next::Wait,
            Err(error) => {
                tracing::debug!(%error, "a scrape failed");
                Next::Over
            }
        }
    }

    /// Sends this, as far as it goes at once.
    pub(super) fn answer(&mut self, answer: Vec<u8>) -> Next {
        self.asked = Vec::new();
        self.answer = Some((answer, 0));
        self.go_on()
    }

    fn read(&mut self) -> std::io::Result<Next> {
        let mut chunk = [0; 2048];
        loop {
            if let Some(request) = Request::parse(&self.asked) {
                return Ok(Next::Answer(request));
            }
            let room = chunk.len().min(LENGTH_MAX - self.asked.len());
            match self.stream.read(&mut chunk[..room]) {
                Ok(0) if self.asked.is_empty() => return Ok(Next::Over),
                Ok(0) => return Ok(Next::Answer(Request::malformed())),
                Ok(length) => self.asked.extend_from_slice(&chunk[..length]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn write(&mut self) -> std::io::Result<Next> {
        let Some((answer, sent)) = &mut self.answer else { return Ok(Next::Wait) };
        while *sent < answer.len() {
            match self.stream.write(&answer[*sent..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(length) => *sent += length,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.stream.shutdown(Shutdown::Write)?;
        Ok(Next::Over)
    }
}
