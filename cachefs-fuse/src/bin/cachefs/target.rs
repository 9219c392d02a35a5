use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use cachefs_fuse::control::{Client, Place, Request, RuntimeDir, Status};
use rustix::io::Errno;
use serde_json::Value;

use crate::exit::Exit;
use crate::out::Out;
use crate::silence::Silence;
use crate::trouble::Trouble;

/// How long a mount may take to answer what it answers from memory.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// After so long without a word people are told.
const QUIET: Duration = Duration::from_secs(2);
/// The same where a mount is busy with what it was asked for.
pub(crate) const BUSY_QUIET: Duration = Duration::from_secs(5);
/// How long one of many may take, of which most are not meant.
const GLANCE_MAX: Duration = Duration::from_millis(300);
/// How much later than it was told to a mount may give up.
const GRACE: Duration = Duration::from_secs(5);
/// How long the kernel may take to say that a mount has no daemon: at once, or a daemon is asked.
const DEAD_MAX: Duration = Duration::from_secs(2);

/// What a path leads to.
#[derive(Debug)]
pub(crate) enum Target {
    /// A mount that is served.
    Served {
        /// At its socket.
        client: Client,
        /// Where it is, or was.
        mountpoint: PathBuf,
        /// Out of the tree, but still used.
        detached: bool,
    },
    /// One of ours that nobody serves any more.
    Dead(Place),
}

impl Target {
    /// The mount that the path lies in.
    ///
    /// # Errors
    /// Not mounted, if there is none of ours; else why the one that is served cannot be reached.
    pub(crate) fn of(path: &Path) -> Result<Self, Trouble> {
        let shown = path.display();
        let place = Place::of(path)
            .map_err(|error| Trouble::failed(format!("the mount table cannot be read: {error}")))?;
        let Some(place) = place else {
            return parting(path).ok_or_else(|| {
                Trouble::not_mounted(format!(
                    "{shown} does not lie in a mount of cachefs: `cachefs list` shows them"
                ))
            });
        };
        let missing = || io::Error::from(io::ErrorKind::NotFound);
        let connected = place.socket.as_deref().map_or_else(|| Err(missing()), Client::connect);
        match connected {
            Ok(client) => Ok(Self::Served { client, mountpoint: place.mountpoint, detached: false }),
            Err(error) if Client::undead(&error).is_some() => {
                // Whoever asks the mount for anything would wait for ever. Without the right to it, he does.
                _ = place.cut_off();
                Ok(Self::Dead(place))
            }
            Err(_) if !is_ours(&place) => Err(Trouble::not_mounted(format!(
                "{shown} lies in a mount of {}, not of cachefs",
                place.kind
            ))),
            Err(error) if is_dead(&place, &error) => Ok(Self::Dead(place)),
            Err(error) => Err(out_of_reach(&place, &error)),
        }
    }

    /// The same, if it is served.
    ///
    /// # Errors
    /// Not mounted.
    pub(crate) fn served(path: &Path) -> Result<(Client, PathBuf), Trouble> {
        match Self::of(path)? {
            Self::Served { client, mountpoint, .. } => Ok((client, mountpoint)),
            Self::Dead(place) => Err(Trouble::not_mounted(format!(
                "nobody serves the mount on {0} any more: umount {0}",
                place.mountpoint.display()
            ))),
        }
    }
}

/// Mounts may call themselves what they like; what they left beside their socket does not lie.
fn is_ours(place: &Place) -> bool {
    let left = place.trace.as_ref().is_some_and(|trace| trace.mount == place.mountpoint);
    place.kind == "fuse.cachefs" || left
}

/// Whether nobody serves it. The kernel knows; about the mounts of others it says nothing, and then a daemon has to be
/// gone together with its socket.
fn is_dead(place: &Place, error: &io::Error) -> bool {
    let refused = error.kind() == io::ErrorKind::ConnectionRefused;
    let is_gone = |pid: u32| !Path::new("/proc").join(pid.to_string()).exists();
    let without = refused && !is_mine(place) && place.trace.as_ref().is_some_and(|trace| is_gone(trace.pid));
    without || kernel_says_dead(&place.mountpoint)
}

/// Asks for the size of the filesystem, which is never answered from memory: a daemon that hangs answers when it likes.
fn kernel_says_dead(mountpoint: &Path) -> bool {
    let (tell, told) = mpsc::channel();
    let path = mountpoint.to_owned();
    std::thread::spawn(move || {
        let errno = rustix::fs::statfs(&path).err();
        _ = tell.send(matches!(errno, Some(Errno::NOTCONN | Errno::CONNABORTED)));
    });
    told.recv_timeout(DEAD_MAX).unwrap_or(false)
}

fn is_mine(place: &Place) -> bool {
    place.owner == Some(rustix::process::geteuid().as_raw())
}

fn out_of_reach(place: &Place, error: &io::Error) -> Trouble {
    let shown = place.mountpoint.display();
    match place.owner.filter(|_| !is_mine(place)) {
        Some(owner) => Trouble::failed(format!(
            "the mount on {shown} is of user {owner}, and its socket cannot be reached: ask as that user"
        )),
        None => Trouble::new(
            Exit::Temporary,
            format!(
                "the mount on {shown} is served, but its socket cannot be reached ({error}): end its process \
                 with SIGTERM to unmount it"
            ),
        ),
    }
}

/// The one that was mounted there and is still served, or still writes back.
fn parting(path: &Path) -> Option<Target> {
    let wanted = std::path::absolute(path).ok()?;
    let wanted = wanted.canonicalize().unwrap_or(wanted);
    RuntimeDir::ours().ok()?.sockets().iter().find_map(|socket| {
        let mut client = Client::connect(socket).ok()?;
        let status = status_within(&mut client, GLANCE_MAX).ok()?;
        let mountpoint = PathBuf::from(&status.mountpoint);
        let detached = status.stage == "detached";
        let is_it = mountpoint == wanted && (detached || status.stage == "draining");
        is_it.then_some(Target::Served { client, mountpoint, detached })
    })
}

/// How the mount is.
///
/// # Errors
/// If it does not answer.
pub(crate) fn ask_status(client: &mut Client) -> Result<Status, Trouble> {
    status_within(client, ANSWER_MAX)
}

/// Makes sure that a mount answers at all, before it is asked for what may take long; says on the way that it does not.
///
/// # Errors
/// Temporary, if it does not within some seconds.
pub(crate) fn greet(client: &mut Client, timeout_seconds: Option<f64>, out: &Out) -> Result<(), Trouble> {
    let _silence = Silence::of(client.peer(), QUIET, out);
    let longest = with_grace(timeout_seconds).unwrap_or(ANSWER_MAX);
    status_within(client, longest.min(ANSWER_MAX)).map(drop)
}

/// Waits a little longer than the mount was told to take.
pub(crate) fn give_up_after(client: &mut Client, timeout_seconds: Option<f64>) {
    client.give_up_at(with_grace(timeout_seconds).and_then(|longest| Instant::now().checked_add(longest)));
}

fn with_grace(timeout_seconds: Option<f64>) -> Option<Duration> {
    let longest = timeout_seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    longest.and_then(|longest| longest.checked_add(GRACE))
}

/// The same within so long.
///
/// # Errors
/// If it does not answer.
pub(crate) fn status_within(client: &mut Client, patience: Duration) -> Result<Status, Trouble> {
    let broken = |error: io::Error| Trouble::failed(format!("the mount does not answer: {error}"));
    client.patience(Some(patience)).map_err(broken)?;
    let told = client.call(&Request::new("status", Value::Null), |_| {})?;
    client.patience(None).map_err(broken)?;
    serde_json::from_value(Value::Object(told))
        .map_err(|error| Trouble::failed(format!("the mount speaks another language: {error}")))
}
