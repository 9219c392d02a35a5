use std::path::{Path, PathBuf};
use std::time::Duration;

use cachefs_fuse::control::{Client, Place, Request, RuntimeDir, Status};
use serde_json::Value;

use crate::trouble::Trouble;

/// How long a mount may take to answer what it answers from memory.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// How long one of many may take, of which most are not meant.
const GLANCE_MAX: Duration = Duration::from_millis(300);

/// What a path leads to.
#[derive(Debug)]
pub(crate) enum Target {
    /// A mount that is served.
    Served { client: Client, mountpoint: PathBuf },
    /// One of ours that nobody serves any more.
    Dead(Place),
}

impl Target {
    /// The mount that the path lies in.
    ///
    /// # Errors
    /// Not mounted, if there is none of ours.
    pub(crate) fn of(path: &Path) -> Result<Self, Trouble> {
        let shown = path.display();
        let place = Place::of(path)
            .map_err(|error| Trouble::failed(format!("the mount table cannot be read: {error}")))?;
        let Some(place) = place else {
            return draining(path)
                .ok_or_else(|| Trouble::not_mounted(format!("{shown} does not lie in a mount of cachefs")));
        };
        match place.socket.as_deref().map(Client::connect) {
            Some(Ok(client)) => Ok(Self::Served { client, mountpoint: place.mountpoint }),
            Some(Err(error)) if Client::undead(&error).is_some() => {
                // Whoever asks the mount for anything would wait for ever. Without the right to it, he does.
                _ = place.cut_off();
                Ok(Self::Dead(place))
            }
            _ if place.kind == "fuse.cachefs" => Ok(Self::Dead(place)),
            _ => Err(Trouble::not_mounted(format!(
                "{shown} lies in a mount of {}, not of cachefs",
                place.kind
            ))),
        }
    }

    /// The same, if it is served.
    ///
    /// # Errors
    /// Not mounted.
    pub(crate) fn served(path: &Path) -> Result<(Client, PathBuf), Trouble> {
        match Self::of(path)? {
            Self::Served { client, mountpoint } => Ok((client, mountpoint)),
            Self::Dead(place) => Err(Trouble::not_mounted(format!(
                "nobody serves the mount on {0} any more: umount {0}",
                place.mountpoint.display()
            ))),
        }
    }
}

/// The one that was mounted there and still writes back.
fn draining(path: &Path) -> Option<Target> {
    let wanted = std::path::absolute(path).ok()?;
    let wanted = wanted.canonicalize().unwrap_or(wanted);
    RuntimeDir::ours().ok()?.sockets().iter().find_map(|socket| {
        let mut client = Client::connect(socket).ok()?;
        let status = status_within(&mut client, GLANCE_MAX).ok()?;
        let mountpoint = PathBuf::from(&status.mountpoint);
        let is_it = mountpoint == wanted && status.stage == "draining";
        is_it.then_some(Target::Served { client, mountpoint })
    })
}

/// How the mount is.
///
/// # Errors
/// If it does not answer.
pub(crate) fn ask_status(client: &mut Client) -> Result<Status, Trouble> {
    status_within(client, ANSWER_MAX)
}

fn status_within(client: &mut Client, patience: Duration) -> Result<Status, Trouble> {
    let broken = |error: std::io::Error| Trouble::failed(format!("the mount does not answer: {error}"));
    client.patience(Some(patience)).map_err(broken)?;
    let told = client.call(&Request::new("status", Value::Null), |_| {})?;
    client.patience(None).map_err(broken)?;
    serde_json::from_value(Value::Object(told))
        .map_err(|error| Trouble::failed(format!("the mount speaks another language: {error}")))
}
