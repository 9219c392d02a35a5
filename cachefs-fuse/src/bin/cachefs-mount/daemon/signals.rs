use std::path::Path;
use std::thread;

use cachefs_fuse::{How, MountError, Unmounter};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::iterator::Signals;

use super::holders::Holders;
use super::voice::Voice;
use crate::failure::Failure;

/// The signals that steer a mount. Taken before it is made: none may end the process and leave it behind.
#[derive(Debug)]
pub(super) struct Steering(Signals);

impl Steering {
    /// From now on no signal of ours ends the process by itself.
    ///
    /// # Errors
    /// As the kernel has them.
    pub(super) fn take() -> Result<Self, Failure> {
        let signals = Signals::new([SIGTERM, SIGINT, SIGHUP, SIGUSR1]);
        signals.map(Self).map_err(|error| Failure::system(format!("signals cannot be handled: {error}")))
    }

    /// Follows them on a thread of its own, also those that came before: the first TERM or INT unmounts, the second
    /// stops the process at once; USR1 calls `report`.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub(super) fn follow<F: Fn() + Send + 'static>(self, steered: Steered<F>) -> Result<(), Failure> {
        let Self(mut signals) = self;
        let follow = move || {
            let mut stopping = false;
            for signal in &mut signals {
                match signal {
                    SIGUSR1 => (steered.report)(),
                    SIGHUP if steered.voice == Voice::Pipe => {
                        tracing::info!("SIGHUP: there is no configuration file to read");
                    }
                    _ if stopping => stop_at_once(&steered.unmounter, signal),
                    _ => {
                        stopping = true;
                        unmount(&steered.unmounter, steered.aside);
                    }
                }
            }
        };
        let thread = thread::Builder::new().name("signals".to_owned()).spawn(follow);
        thread.map(drop).map_err(|error| Failure::system(format!("signals cannot be followed: {error}")))
    }
}

/// What signals steer.
pub(super) struct Steered<F> {
    pub(super) unmounter: Unmounter,
    pub(super) voice: Voice,
    /// Who is told beside the log that the mount is busy: in the foreground, people do not see a log in a file.
    pub(super) aside: Option<Voice>,
    pub(super) report: F,
}

/// Unmounts; while somebody uses the mount it leaves the tree, and they are served until they are gone.
fn unmount(unmounter: &Unmounter, aside: Option<Voice>) {
    tracing::info!(mount = %unmounter.path().display(), "unmounting");
    match unmounter.unmount(How::Plain) {
        Ok(()) => {}
        Err(MountError::Busy { path }) => {
            let line = busy(&path);
            tracing::warn!("{line}");
            if let Some(voice) = aside {
                voice.note(&line);
            }
            detach(unmounter);
        }
        Err(error) => {
            tracing::warn!(%error, "unmounting failed, detaching");
            detach(unmounter);
        }
    }
}

fn detach(unmounter: &Unmounter) {
    if let Err(error) = unmounter.unmount(How::Lazy) {
        tracing::error!(%error, "the mount cannot be detached");
    }
}

fn busy(path: &Path) -> String {
    let holders = Holders::of(path);
    format!(
        "{} is busy: {holders}; detached, serving until they are gone (a second signal stops at once)",
        path.display()
    )
}

fn stop_at_once(unmounter: &Unmounter, signal: i32) {
    tracing::warn!("stopped at once by a second signal");
    detach(unmounter);
    // As a shell tells that a signal ended a program.
    std::process::exit(128 + signal);
}
