use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use super::request::Request;

/// Connections that may wait for their turn.
const WAITING_MAX: i32 = 16;

/// How long one connection may take, all in all.
const TURN_MAX: Duration = Duration::from_secs(2);

/// How long to wait after the kernel could not give us a connection (mostly for lack of descriptors).
const PAUSE: Duration = Duration::from_millis(200);

const INDEX: &str = "cachefs-mount\n\n/metrics  statistics for Prometheus\n";

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
        Ok(Self(listener))
    }

    /// The address taken; its port is known even if 0 was asked for.
    ///
    /// # Errors
    /// As the kernel has them.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// Answers requests with what `render` gives, one after the other, on a thread of its own, until the process ends.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub(crate) fn serve(self, render: impl Fn() -> String + Send + 'static) -> io::Result<()> {
        thread::Builder::new().name("metrics".to_owned()).spawn(move || self.run(&render))?;
        Ok(())
    }

    fn run(&self, render: &impl Fn() -> String) {
        loop {
            match self.0.accept() {
                Ok((stream, peer)) => {
                    if let Err(error) = answer(stream, render) {
                        tracing::debug!(%peer, %error, "a scrape failed");
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "the metrics server cannot take a connection");
                    thread::sleep(PAUSE);
                }
            }
        }
    }
}

fn answer(stream: TcpStream, render: &impl Fn() -> String) -> io::Result<()> {
    let mut stream = Timed { stream, deadline: Instant::now() + TURN_MAX };
    let (status, body) = match Request::read(&mut stream)? {
        Request::Metrics => ("200 OK", render()),
        Request::Index => ("200 OK", INDEX.to_owned()),
        Request::Unknown => ("404 Not Found", "there is only /metrics\n".to_owned()),
        Request::OtherMethod => ("405 Method Not Allowed", "only GET\n".to_owned()),
        Request::Malformed => ("400 Bad Request", "not understood\n".to_owned()),
    };
    let allow = if status.starts_with("405") { "Allow: GET\r\n" } else { "" };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n{allow}\
         Content-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    stream.stream.shutdown(Shutdown::Write)
}

/// A stream whose reads and writes together end at a deadline.
struct Timed {
    stream: TcpStream,
    deadline: Instant,
}

impl Timed {
    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(Some(left)) }
    }
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(buffer)
    }
}

impl Write for Timed {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(data)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> SocketAddr {
        let server = Server::bind("127.0.0.1:0".parse().expect("address")).expect("bind");
        let address = server.address().expect("bound");
        server.serve(|| "cachefs_x 1\n".to_owned()).expect("thread");
        address
    }

    fn ask(address: SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(address).expect("connect");
        stream.write_all(request.as_bytes()).expect("send");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answer");
        answer
    }

    #[test]
    fn metrics_are_served() {
        let answer = ask(start(), "GET /metrics HTTP/1.1\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(
            answer.contains("Content-Length: 12\r\n") && answer.ends_with("\r\n\r\ncachefs_x 1\n"),
            "{answer}"
        );
    }

    #[test]
    fn other_requests_get_their_status() {
        let address = start();
        for (request, status) in [
            ("GET / HTTP/1.1\r\n\r\n", "200"),
            ("GET /x HTTP/1.1\r\n\r\n", "404"),
            ("PUT /metrics HTTP/1.1\r\n\r\n", "405"),
            ("nonsense\r\n\r\n", "400"),
        ] {
            assert_eq!(ask(address, request).split(' ').nth(1), Some(status), "{request}");
        }
    }

    #[test]
    fn a_silent_client_does_not_stop_the_next_for_long() {
        let address = start();
        let _silent = TcpStream::connect(address).expect("connect");
        let before = Instant::now();
        assert!(ask(address, "GET /metrics HTTP/1.1\r\n\r\n").contains("cachefs_x 1"));
        assert!(before.elapsed() < TURN_MAX * 3);
    }
}
