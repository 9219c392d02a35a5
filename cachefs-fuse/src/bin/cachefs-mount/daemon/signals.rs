use std::path::Path;
use std::sync::Arc;
use std::thread;

use cachefs_fuse::{How, MountError, Unmounter};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::iterator::Signals;

use super::back::Back;
use super::holders::Holders;
use super::leaving::Leaving;
use super::notifier::Notifier;
use super::reload::Reload;
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

    /// Follows them on a thread of its own, also those that came before: the first TERM or INT unmounts, and what was
    /// written goes to the source before the process ends; the second stops it at once; HUP reads the configuration
    /// anew, but where it says that the terminal is gone; USR1 calls `report`.
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
                    // Elsewhere it says that the terminal is gone.
                    SIGHUP if steered.voice == Voice::Pipe || steered.notifier.is_heard() => {
                        steered.reload.run();
                    }
                    _ if stopping => stop_at_once(&steered, signal),
                    _ => {
                        stopping = true;
                        unmount(&steered);
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
    pub(super) back: Option<Arc<Back>>,
    pub(super) leaving: Arc<Leaving>,
    pub(super) notifier: Notifier,
    pub(super) reload: Reload,
    pub(super) report: F,
}

/// Unmounts; while somebody uses the mount it leaves the tree, and they are served until they are gone.
fn unmount<F>(steered: &Steered<F>) {
    let Steered { unmounter, aside, back, leaving, .. } = steered;
    if leaving.is_detached() {
        return end_detached(steered);
    }
    tracing::info!(mount = %unmounter.path().display(), "unmounting");
    steered.notifier.stopping();
    match unmounter.unmount(How::Plain) {
        Ok(()) => {}
        Err(MountError::Busy { path }) => {
            let line = busy(&path, "detached, serving until they are gone (a second signal stops at once)");
            tracing::warn!("{line}");
            if let Some(voice) = aside {
                voice.note(&line);
            }
            detach(unmounter);
            leaving.detach();
            back.as_ref().inspect(|back| back.detached());
            back.as_ref().map(begin_drain);
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

/// Who keeps a mount busy, and what follows from it.
pub(super) fn busy(path: &Path, then: &str) -> String {
    format!("{} is busy: {}; {then}", path.display(), Holders::of(path))
}

/// Writes to the source what there is, while the mount is still used; the rest follows when it is not.
fn begin_drain(back: &Arc<Back>) {
    let back = Arc::clone(back);
    let drain = move || drop(back.drain(None, &mut |_| true));
    if let Err(error) = thread::Builder::new().name("drain".to_owned()).spawn(drain) {
        tracing::warn!(%error, "writing back goes on as before until the mount is not used any more");
    }
}

/// Ends the process although programs still use the mount, which is out of the tree: once what they wrote until now is
/// in the source.
fn end_detached<F>(Steered { aside, back, .. }: &Steered<F>) {
    tracing::warn!("the mount is detached: ends, whoever still uses it");
    let (back, aside) = (back.clone(), *aside);
    let end = move || {
        let Some(back) = back else { std::process::exit(0) };
        back.flush_once(None, None, &mut |_| true);
        super::parting::tell_remains(&back, aside);
        std::process::exit(super::parting::Rest::now(&back).code());
    };
    if let Err(error) = thread::Builder::new().name("end".to_owned()).spawn(end) {
        tracing::error!(%error, "it cannot end by itself: a second signal stops it at once");
    }
}

fn stop_at_once<F>(Steered { unmounter, aside, back, .. }: &Steered<F>, signal: i32) {
    tracing::warn!("stopped at once by a second signal");
    detach(unmounter);
    if let Some(back) = back {
        back.stop();
        super::parting::tell_remains(back, *aside);
        let rest = super::parting::Rest::now(back);
        if rest == super::parting::Rest::Dirty {
            std::process::exit(rest.code());
        }
    }
    // As a shell tells that a signal ended a program.
    std::process::exit(128 + signal);
}
