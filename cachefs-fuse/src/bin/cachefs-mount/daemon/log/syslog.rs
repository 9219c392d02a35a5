use std::ffi::OsString;
use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::Level;

use super::sink::{Sink, severity};

/// Where the system's log listens.
const SOCKET: &str = "/dev/log";

/// Names another socket, for tests.
const SOCKET_VARIABLE: &str = "CACHEFS_INTERNAL_SYSLOG";

/// The facility of daemons without one of their own, shifted to its place.
const DAEMON: u8 = 3 << 3;

/// Longer lines are cut: some receivers take no more.
const LENGTH_MAX: usize = 8000;

/// Lines for the system's log, one datagram each, as RFC 3164 has them; the receiver adds the time. Sending never
/// waits: a receiver that hangs must not make the mount hang.
#[derive(Debug)]
pub(super) struct Syslog {
    from: UnixDatagram,
    to: PathBuf,
    /// Lines that nobody took since the last one that was taken.
    lost: AtomicU64,
}

impl Syslog {
    /// For the socket of this machine. Nobody need listen there yet: each line looks for it anew.
    ///
    /// # Errors
    /// When there is no socket to be had.
    pub(super) fn of_this_machine() -> io::Result<Self> {
        Self::at(std::env::var_os(SOCKET_VARIABLE).unwrap_or_else(|| OsString::from(SOCKET)))
    }

    fn at(to: impl Into<PathBuf>) -> io::Result<Self> {
        let from = UnixDatagram::unbound()?;
        from.set_nonblocking(true)?;
        Ok(Self { from, to: to.into(), lost: AtomicU64::new(0) })
    }

    /// Sends a line, and before it how many were lost.
    fn send(&self, severity: u8, text: &str) {
        let lost = self.lost.swap(0, Ordering::Relaxed);
        let told = lost == 0 || self.try_send(4, &format!("WARN lines lost before this one: {lost}"));
        let lost = if told { 0 } else { lost } + u64::from(!self.try_send(severity, text));
        self.lost.fetch_add(lost, Ordering::Relaxed);
    }

    fn try_send(&self, severity: u8, text: &str) -> bool {
        let text: String =
            text.trim().chars().take(LENGTH_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect();
        let line = format!("<{}>cachefs-mount[{}]: {text}", DAEMON | severity, std::process::id());
        self.from.send_to(line.as_bytes(), &self.to).is_ok()
    }
}

impl Sink for Syslog {
    fn put(&self, level: Level, line: &str) {
        self.send(severity(level), line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hear(socket: &UnixDatagram) -> String {
        let mut line = vec![0; 2 * LENGTH_MAX];
        let length = socket.recv(&mut line).expect("a line");
        String::from_utf8(line[..length].to_vec()).expect("text")
    }

    #[test]
    fn events_arrive_with_their_severity_on_one_line() {
        let top = tempfile::tempdir().expect("temp");
        let socket = UnixDatagram::bind(top.path().join("log")).expect("bind");
        let syslog = Syslog::at(top.path().join("log")).expect("socket");
        syslog.put(Level::ERROR, "ERROR it\nfailed");
        syslog.put(Level::DEBUG, "DEBUG fine");
        let tag = format!("cachefs-mount[{}]:", std::process::id());
        assert_eq!(hear(&socket), format!("<27>{tag} ERROR it failed"));
        assert_eq!(hear(&socket), format!("<31>{tag} DEBUG fine"));
    }

    #[test]
    fn lost_lines_are_counted_and_nothing_waits() {
        let top = tempfile::tempdir().expect("temp");
        let syslog = Syslog::at(top.path().join("log")).expect("socket");
        syslog.send(6, "nobody is there");
        let socket = UnixDatagram::bind(top.path().join("log")).expect("bind");
        syslog.send(6, "a");
        assert!(hear(&socket).ends_with("lost before this one: 1"));
        assert!(hear(&socket).ends_with(": a"));
        while syslog.lost.load(Ordering::Relaxed) < 3 {
            syslog.send(6, "nobody reads");
        }
        while socket.set_nonblocking(true).is_ok() && socket.recv(&mut [0; 8]).is_ok() {}
        syslog.send(6, &"x".repeat(2 * LENGTH_MAX));
        assert!(hear(&socket).ends_with("lost before this one: 3"));
        assert!(hear(&socket).ends_with(&"x".repeat(LENGTH_MAX)));
    }
}
