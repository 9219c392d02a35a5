use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cachefs_fuse::control::{Client, RuntimeDir, Server, Trace};

use super::Mounted;

/// The socket of a mount, and the trace beside it, which outlives a daemon that is killed.
#[derive(Debug, Default)]
pub(in crate::daemon) struct Desk {
    server: Option<Server>,
    left: Option<(Trace, PathBuf)>,
}

impl Desk {
    /// Listens for the mount. Without a socket it can do everything but be steered, so that this is no reason not to
    /// mount.
    pub(in crate::daemon) fn open(mounted: Mounted, trace: Trace) -> Self {
        let device = mounted.unmounter.device().to_owned();
        let told = |error: &std::io::Error| {
            tracing::warn!(%error, "no control socket: cachefs cannot steer this mount");
        };
        let Ok(dir) = RuntimeDir::ours().inspect_err(told) else { return Self::default() };
        clear(&dir);
        let socket = dir.socket(&device);
        // First the trace: whoever finds the socket finds it, too.
        leave(&trace, &socket);
        let server = Server::start(&socket, Arc::new(mounted)).inspect_err(told).ok();
        Self { server, left: Some((trace, socket)) }
    }

    /// Where it listens.
    pub(in crate::daemon) fn path(&self) -> Option<&Path> {
        self.server.as_ref().map(Server::path)
    }

    /// The mount is gone, and its device may be another's; it is still to be found.
    pub(in crate::daemon) fn outlive(&mut self) {
        let dir = match RuntimeDir::ours() {
            Ok(dir) => dir,
            Err(error) => return tracing::warn!(%error, "who looks for this mount may not find it any more"),
        };
        let rest = dir.socket_of_rest();
        if let Some((trace, socket)) = &mut self.left {
            leave(trace, &rest);
            Trace::remove(socket);
            socket.clone_from(&rest);
        }
        if let Some(Err(error)) = self.server.as_mut().map(|server| server.move_to(rest)) {
            tracing::warn!(%error, "who looks for this mount may not find it any more");
        }
    }

    /// Once who asked has got an answer, or has been waited for long enough. A trace stays only of what `remains`.
    pub(in crate::daemon) fn close(self, patience: Duration, remains: bool) {
        if let Some(server) = self.server {
            server.settle(patience);
        }
        if let (false, Some((_, socket))) = (remains, &self.left) {
            Trace::remove(socket);
        }
    }
}

fn leave(trace: &Trace, socket: &Path) {
    if let Err(error) = trace.leave(socket) {
        tracing::warn!(%error, "if this process is killed, nothing tells where its journal is");
    }
}

/// Removes the sockets of those who were stopped while they wrote back: nobody else has their names.
fn clear(dir: &RuntimeDir) {
    let is_rest =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("rest."));
    for socket in dir.sockets().into_iter().filter(is_rest) {
        if Client::connect(&socket).is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionRefused)
        {
            _ = std::fs::remove_file(&socket);
            Trace::remove(&socket);
        }
    }
}
