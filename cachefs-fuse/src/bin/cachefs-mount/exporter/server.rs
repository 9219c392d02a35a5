use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsFd;
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::connection::{Connection, Next};
use super::page::Pages;

/// Connections that may wait in the kernel.
const WAITING_MAX: i32 = 16;

/// Connections held at a time: the oldest is closed for another one, so that nobody can keep others out.
const HELD_MAX: usize = 32;

/// How long to wait after the kernel could not give us a connection (mostly for lack of descriptors).
const PAUSE: Duration = Duration::from_millis(200);

/// Where metrics are served.
#[derive(Debug)]
pub(crate) struct Server(TcpListener);

impl Server {
    /// Takes the address; nothing is answered yet.
    ///
    /// # Errors
    /// When the address is not to be had.
    pub(crate) fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        rustix::net::listen(&listener, WAITING_MAX)?;
        listener.set_nonblocking(true)?;
        Ok(Self(listener))
    }

    /// The address taken; its port is known even if 0 was asked for.
    ///
    /// # Errors
    /// As the kernel has them.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// Answers requests on a thread of its own, until the process ends. That thread never waits for a peer, so a slow
    /// one keeps nobody else waiting.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub(crate) fn serve(self, pages: Pages) -> io::Result<()> {
        let mut held = Held { pages, listener: self.0, connections: Vec::new() };
        let run = move || {
            loop {
                if let Err(error) = held.turn() {
                    tracing::warn!(%error, "the metrics server cannot take a connection");
                    thread::sleep(PAUSE);
                }
            }
        };
        thread::Builder::new().name("metrics".to_owned()).spawn(run)?;
        Ok(())
    }
}

#[derive(Debug)]
struct Held {
    pages: Pages,
    listener: TcpListener,
    /// The oldest first.
    connections: Vec<Connection>,
}

impl Held {
    /// Waits until something can be done, and does it.
    fn turn(&mut self) -> io::Result<()> {
        let ready = self.wait()?;
        let now = Instant::now();
        let mut index = 0;
        self.connections.retain_mut(|connection| {
            index += 1;
            let over = ready[index] && go_on(connection, &self.pages) == Next::Over;
            !over && connection.deadline > now
        });
        if ready[0] { self.take(now) } else { Ok(()) }
    }

    /// Which can go on: the listener, then each connection.
    fn wait(&self) -> io::Result<Vec<bool>> {
        let mut polled = vec![PollFd::from_borrowed_fd(self.listener.as_fd(), PollFlags::IN)];
        polled.extend(self.connections.iter().map(|connection| {
            let flags = if connection.is_answered() { PollFlags::OUT } else { PollFlags::IN };
            PollFd::from_borrowed_fd(connection.stream.as_fd(), flags)
        }));
        let first = self.connections.iter().map(|connection| connection.deadline).min();
        let left = first.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let left = left.and_then(|left| Timespec::try_from(left).ok());
        match poll(&mut polled, left.as_ref()) {
            Ok(_) => Ok(polled.iter().map(|polled| !polled.revents().is_empty()).collect()),
            Err(rustix::io::Errno::INTR) => Ok(vec![false; polled.len()]),
            Err(errno) => Err(errno.into()),
        }
    }

    fn take(&mut self, now: Instant) -> io::Result<()> {
        let (stream, peer) = match self.listener.accept() {
            Ok(accepted) => accepted,
            // Gone again before it was taken.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => return Ok(()),
            Err(error) => return Err(error),
        };
        let mut connection = match Connection::new(stream, now) {
            Ok(connection) => connection,
            Err(error) => {
                tracing::debug!(%peer, %error, "a scrape failed");
                return Ok(());
            }
        };
        if go_on(&mut connection, &self.pages) != Next::Over {
            if self.connections.len() >= HELD_MAX {
                self.connections.remove(0);
            }
            self.connections.push(connection);
        }
        Ok(())
    }
}

fn go_on(connection: &mut Connection, pages: &Pages) -> Next {
    match connection.go_on() {
        Next::Answer(request) => connection.answer(pages.answer(&request)),
        next => next,
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use super::super::connection::TURN_MAX;
    use super::super::page::Guests;
    use super::*;

    fn start() -> SocketAddr {
        let server = Server::bind("127.0.0.1:0".parse().expect("address")).expect("bind");
        let address = server.address().expect("bound");
        server.serve(Pages::testing(Guests::Local)).expect("thread");
        address
    }

    fn ask(address: SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(address).expect("connect");
        stream.write_all(request.as_bytes()).expect("send");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answer");
        answer
    }

    const SCRAPE: &str = "GET /metrics HTTP/1.1\r\n\r\n";

    #[test]
    fn a_request_in_pieces_is_answered() {
        let mut stream = TcpStream::connect(start()).expect("connect");
        for byte in SCRAPE.as_bytes() {
            stream.write_all(&[*byte]).expect("send");
        }
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answer");
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    }

    #[test]
    fn those_who_say_nothing_or_half_keep_nobody_waiting_and_are_closed_for_others() {
        let address = start();
        let before = Instant::now();
        let mut held: Vec<TcpStream> = Vec::new();
        for number in 0..4 * HELD_MAX {
            let mut stream = TcpStream::connect(address).expect("connect");
            if number % 2 == 1 {
                stream.write_all(b"GET /metr").expect("send");
            }
            held.push(stream);
            assert!(ask(address, SCRAPE).starts_with("HTTP/1.1 200"), "{number}");
        }
        let took = before.elapsed();
        assert!(took < TURN_MAX, "{took:?}: somebody was waited for");
        let mut byte = [0];
        held[0].set_read_timeout(Some(Duration::from_secs(20))).expect("timeout");
        let gone =
            !matches!(held[0].read(&mut byte), Err(error) if error.kind() == io::ErrorKind::WouldBlock);
        assert!(gone, "the oldest was closed for the newest");
    }

    #[test]
    fn who_does_not_end_in_time_is_closed() {
        let mut silent = TcpStream::connect(start()).expect("connect");
        silent.set_read_timeout(Some(TURN_MAX * 4)).expect("timeout");
        assert_eq!(silent.read(&mut [0]).expect("the end"), 0);
    }
}
