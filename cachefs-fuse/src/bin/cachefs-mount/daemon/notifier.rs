use std::ffi::OsString;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use cachefs_fuse::control::plain;
use rustix::time::{ClockId, clock_gettime};

use super::pulse::Pulse;

/// The variable that names the socket.
const VARIABLE: &str = "NOTIFY_SOCKET";
/// What is told is enough for so long...
const EXTENSION: Duration = Duration::from_secs(60);
/// ...and told again so often.
const PERIOD: Duration = Duration::from_secs(5);

/// Tells the service manager how this process is, as sd_notify(3) has it; nobody, where none listens.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notifier(Option<Arc<Listening>>);

#[derive(Debug)]
struct Listening {
    from: UnixDatagram,
    to: SocketAddr,
}

/// While this is there, the manager waits for a start that does something.
#[derive(Debug)]
pub(super) struct Starting {
    _end: Option<Sender<()>>,
}

impl Notifier {
    /// For the manager that started this process, if there is one.
    pub(crate) fn of_this_process() -> Self {
        let Some(name) = std::env::var_os(VARIABLE).filter(|name| !name.is_empty()) else {
            return Self::default();
        };
        Self::to(&name).unwrap_or_else(|error| {
            tracing::warn!(%error, name = %name.display(), "{VARIABLE} cannot be used: nobody is told of the start");
            Self::default()
        })
    }

    fn to(name: &OsString) -> io::Result<Self> {
        let to = match name.as_bytes() {
            [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
            [b'/', ..] => SocketAddr::from_pathname(name)?,
            _ => return Err(io::Error::other("it is neither a path nor an abstract name")),
        };
        let from = UnixDatagram::unbound()?;
        // A manager that hangs must not make the mount hang.
        from.set_nonblocking(true)?;
        Ok(Self(Some(Arc::new(Listening { from, to }))))
    }

    /// Whether anybody listens.
    pub(super) fn is_heard(&self) -> bool {
        self.0.is_some()
    }

    fn send(&self, text: &str) {
        let Some(Listening { from, to }) = self.0.as_deref() else { return };
        if let Err(error) = from.send_to_addr(text.as_bytes(), to) {
            tracing::debug!(%error, text, "the service manager does not listen");
        }
    }

    /// The mount is ready.
    pub(super) fn ready(&self, status: &str) {
        self.send(&format!("READY=1\nSTATUS={}", plain(status)));
    }

    /// The mount is ready, and this process, which goes on, is the one that serves it.
    pub(crate) fn ready_in(&self, pid: u32) {
        self.send(&format!("MAINPID={pid}\nREADY=1"));
    }

    /// The configuration is read anew, until the next [`Notifier::ready`].
    pub(super) fn reloading(&self) {
        let now = clock_gettime(ClockId::Monotonic);
        let micros = now.tv_sec * 1_000_000 + now.tv_nsec / 1000;
        self.send(&format!("RELOADING=1\nMONOTONIC_USEC={micros}"));
    }

    /// The mount is being taken away.
    pub(super) fn stopping(&self) {
        self.send("STOPPING=1\nSTATUS=Unmounting");
    }

    /// Something goes on that takes its time: it is to be waited for.
    pub(crate) fn extend(&self, status: &str) {
        let micros = EXTENSION.as_micros();
        self.send(&format!("EXTEND_TIMEOUT_USEC={micros}\nSTATUS={}", plain(status)));
    }

    /// From now until it is dropped, the manager waits for as long as this process does something.
    pub(super) fn starting(&self) -> Starting {
        if !self.is_heard() {
            return Starting { _end: None };
        }
        let (end, ended) = channel::<()>();
        let (notifier, own) = (self.clone(), std::process::id());
        let follow = move || {
            let mut last = None;
            while ended.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
                let pulse = Pulse::of(own);
                if pulse != last {
                    notifier.extend(&pulse.map_or_else(String::new, |pulse| format!("Starting: {pulse}")));
                }
                last = pulse;
            }
        };
        let started = thread::Builder::new().name("starting".to_owned()).spawn(follow);
        if let Err(error) = started {
            tracing::warn!(%error, "the service manager may not wait for a long start");
        }
        Starting { _end: Some(end) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hear(socket: &UnixDatagram) -> String {
        let mut text = [0; 4096];
        let length = socket.recv(&mut text).expect("a message");
        String::from_utf8_lossy(&text[..length]).into_owned()
    }

    #[test]
    fn a_manager_hears_by_path_and_by_abstract_name() {
        let top = tempfile::tempdir().expect("temp");
        let path = top.path().join("notify");
        let name = format!("cachefs-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).expect("name");
        for (socket, name) in [
            (UnixDatagram::bind(&path).expect("bind"), path.clone().into_os_string()),
            (UnixDatagram::bind_addr(&address).expect("bind"), format!("@{name}").into()),
        ] {
            let notifier = Notifier::to(&name).expect("named");
            notifier.ready("a\nSTOPPING=1");
            assert_eq!(hear(&socket), "READY=1\nSTATUS=a\\nSTOPPING=1");
            notifier.ready_in(7);
            assert_eq!(hear(&socket), "MAINPID=7\nREADY=1");
            notifier.reloading();
            assert!(hear(&socket).starts_with("RELOADING=1\nMONOTONIC_USEC="));
            notifier.extend("x");
            assert_eq!(hear(&socket), "EXTEND_TIMEOUT_USEC=60000000\nSTATUS=x");
        }
        assert!(Notifier::to(&"vsock:2:1".into()).is_err());
    }

    #[test]
    fn who_does_not_listen_does_not_matter() {
        let top = tempfile::tempdir().expect("temp");
        Notifier::to(&top.path().join("none").into_os_string()).expect("a path").ready("");
        Notifier::default().stopping();
    }
}
