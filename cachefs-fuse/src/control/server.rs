use std::io::{self, BufReader, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::sockopt::socket_peercred;
use serde_json::Value;

use super::{Refusal, Reply, Request, line, reply};

/// Clients at a time; one more is told so and sent away.
const CLIENTS_MAX: usize = 32;
/// A client that asks nothing for so long is sent away.
const IDLE_MAX: Duration = Duration::from_secs(60);
/// One that does not read its answer.
const WRITE_MAX: Duration = Duration::from_secs(10);

/// Does what clients ask for.
pub trait Serve: Send + Sync + 'static {
    /// Answers one request; may take as long as it takes, and tell how far it is. The result is an object.
    ///
    /// # Errors
    /// Why it is not done.
    fn serve(&self, request: &Request, talk: &mut Talk<'_>) -> Result<Value, Refusal>;
}

/// The other end of a request under way.
#[derive(Debug)]
pub struct Talk<'a> {
    stream: &'a UnixStream,
    gone: bool,
}

impl Talk<'_> {
    /// Tells how far it is, as an object.
    pub fn progress(&mut self, value: Value) {
        let sent = send(self.stream, &Reply::Progress(reply::object(value)));
        self.gone |= sent.is_err();
    }

    /// Whether nobody listens any more. Who only asks nothing more still listens.
    #[must_use]
    pub fn is_over(&self) -> bool {
        let mut polled = [PollFd::new(self.stream, PollFlags::empty())];
        let hung_up = |polled: &PollFd<'_>| polled.revents().intersects(PollFlags::HUP | PollFlags::ERR);
        self.gone || (poll(&mut polled, Some(&Timespec::default())).is_ok() && polled.iter().any(hung_up))
    }
}

/// The socket of a mount; it is removed when this is dropped. Requests under way are not waited for.
#[derive(Debug)]
pub struct Server {
    path: PathBuf,
    /// Device and inode of the socket: by now another mount may listen at the same path.
    id: (u64, u64),
    work: Arc<Work>,
}

/// What the threads of a server share.
#[derive(Debug, Default)]
struct Work {
    clients: AtomicUsize,
    /// Requests that are not answered yet.
    open: Mutex<usize>,
    answered: Condvar,
}

impl Server {
    /// Listens at `path`, in place of what is left there of others, and serves on threads of its own.
    ///
    /// # Errors
    /// When the socket cannot be made or no thread be started.
    pub fn start(path: &Path, serve: Arc<dyn Serve>) -> io::Result<Self> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(path)?;
        let work = Arc::new(Work::default());
        let server = Self { path: path.to_owned(), id: identity(path)?, work: Arc::clone(&work) };
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o600))?;
        let accept = move || accept(&listener, &serve, &work);
        thread::Builder::new().name("control".to_owned()).spawn(accept)?;
        Ok(server)
    }

    /// Has it be found at `path` from now on, in the same directory.
    ///
    /// # Errors
    /// As renaming has them.
    pub fn move_to(&mut self, path: PathBuf) -> io::Result<()> {
        std::fs::rename(&self.path, &path)?;
        self.path = path;
        Ok(())
    }

    /// Waits until all requests under way have got their answer, no longer than `patience`.
    pub fn settle(&self, patience: Duration) {
        let until = Instant::now() + patience;
        let mut open = self.work.open.lock();
        while *open > 0 && !self.work.answered.wait_until(&mut open, until).timed_out() {}
    }

    /// Where it listens.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|id| id == self.id)
            && let Err(error) = std::fs::remove_file(&self.path)
        {
            tracing::debug!(%error, path = %self.path.display(), "a socket is left");
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    path.symlink_metadata().map(|metadata| (metadata.dev(), metadata.ino()))
}

fn accept(listener: &UnixListener, serve: &Arc<dyn Serve>, work: &Arc<Work>) {
    for stream in listener.incoming() {
        match stream {
            Ok(stream) => greet(stream, serve, work),
            Err(error) => {
                tracing::warn!(%error, "a client of the control socket is not heard");
                // Short of descriptors, the next one would fail at once, too.
                thread::sleep(Duration::from_millis(100));
            }
        }
    }
}

fn greet(stream: UnixStream, serve: &Arc<dyn Serve>, work: &Arc<Work>) {
    let limited = stream.set_read_timeout(Some(IDLE_MAX)).and(stream.set_write_timeout(Some(WRITE_MAX)));
    if let Err(error) = limited {
        return tracing::warn!(%error, "a client of the control socket is not heard");
    }
    let guest = Guest::new(work);
    if guest.number > CLIENTS_MAX {
        let refusal = Refusal::temporary("too many others are asking this mount: try again");
        _ = send(&stream, &Reply::Failed(refusal));
        return;
    }
    let serve = Arc::clone(serve);
    let converse = move || {
        if let Err(error) = converse(&stream, &*serve, &guest.work) {
            tracing::debug!(%error, "a client of the control socket is gone");
        }
    };
    if let Err(error) = thread::Builder::new().name("control-client".to_owned()).spawn(converse) {
        tracing::warn!(%error, "a client of the control socket is not heard");
    }
}

/// Answers request after request until the client is gone.
fn converse(stream: &UnixStream, serve: &dyn Serve, work: &Work) -> io::Result<()> {
    if !is_allowed(stream) {
        return send(stream, &Reply::Failed(Refusal::failed("this is the mount of another user")));
    }
    let mut input = BufReader::new(stream);
    loop {
        let line = match line::read(&mut input, line::LINE_MAX) {
            Ok(Some(line)) => line,
            Ok(None) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return send(stream, &Reply::Failed(Refusal::usage(error.to_string())));
            }
            Err(error) => return Err(error),
        };
        let _open = Open::new(work);
        let mut talk = Talk { stream, gone: false };
        let answer = Request::parse(&line).and_then(|request| serve.serve(&request, &mut talk));
        let answer = match answer {
            Ok(value) => Reply::Done(reply::object(value)),
            Err(refusal) => Reply::Failed(refusal),
        };
        send(stream, &answer)?;
    }
}

/// The mode of the socket keeps others out already.
fn is_allowed(stream: &UnixStream) -> bool {
    socket_peercred(stream).is_ok_and(|peer| peer.uid.is_root() || peer.uid == rustix::process::geteuid())
}

fn send(mut stream: &UnixStream, reply: &Reply) -> io::Result<()> {
    let mut line = serde_json::to_string(reply)?;
    line.push('\n');
    stream.write_all(line.as_bytes())
}

/// A client that is counted.
struct Guest {
    work: Arc<Work>,
    number: usize,
}

impl Guest {
    fn new(work: &Arc<Work>) -> Self {
        let number = work.clients.fetch_add(1, Ordering::Relaxed) + 1;
        Self { work: Arc::clone(work), number }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.work.clients.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A request that is counted until it is answered.
struct Open<'a>(&'a Work);

impl<'a> Open<'a> {
    fn new(work: &'a Work) -> Self {
        *work.open.lock() += 1;
        Self(work)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        *self.0.open.lock() -= 1;
        self.0.answered.notify_all();
    }
}

#[cfg(test)]
mod tests;
