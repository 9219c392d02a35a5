use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::State;
use super::pace::{Calm, Pace};
use super::place::Place;
use super::source::Teller;
use crate::{Notice, Result, Watcher};

/// The bytes read at once: some thousand events.
const BUFFER: usize = 256 << 10;
/// How often is it checked that the path of the source still leads there.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// What woke the thread.
struct Woken {
    events: bool,
    mounts: bool,
}

/// Tells of events until the watch is dropped or lost.
pub(super) fn run(state: &State, place: Place, watcher: &Arc<dyn Watcher>) {
    let end = End(state);
    let Err(error) = tell_all(state, place, watcher) else { return };
    drop(end);
    if !state.stopping.load(Ordering::Relaxed) {
        watcher.notice(&Notice::Lost(error));
    }
}

/// The end of the thread, also by a watcher's panic, is the end of the watch.
struct End<'a>(&'a State);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.alive.store(false, Ordering::Release);
    }
}

fn tell_all(state: &State, mut place: Place, watcher: &Arc<dyn Watcher>) -> Result<()> {
    let teller = Teller {
        watcher: &**watcher,
        counts: &state.counts,
        stopping: &state.stopping,
        silent: state.silent,
    };
    let mut buffer = vec![0; BUFFER];
    let mut pace = Pace::new(Instant::now());
    let mut checked = Instant::now();
    let mut calm = Calm::default();
    while !state.stopping.load(Ordering::Acquire) {
        let woken = wait(state, &place)?;
        let now = Instant::now();
        if woken.mounts || now.duration_since(checked) >= CHECK_EVERY {
            checked = now;
            catch_up(state, &mut place, &teller)?;
            if calm.is_after_loss(state.counts.lost.load(Ordering::Relaxed)) {
                state.source.recount()?;
            }
        }
        if woken.events {
            let events = state.source.read(&mut buffer, &teller)?;
            if let Some(pause) = pace.after(events, Instant::now()) {
                sleep(state.stop.as_fd(), pause)?;
            }
        }
    }
    Ok(())
}

/// Sees whether the root is where it was, and whether other filesystems are below it.
fn catch_up(state: &State, place: &mut Place, teller: &Teller<'_>) -> Result<()> {
    place.check()?;
    if let Some(change) = place.mounts_changed(&state.shared, state.source.ended())? {
        state.source.mounts_changed(&state.shared, &change);
        teller.overflow();
    }
    Ok(())
}

fn wait(state: &State, place: &Place) -> Result<Woken> {
    let mut fds = [
        PollFd::from_borrowed_fd(state.source.fd(), PollFlags::IN),
        PollFd::from_borrowed_fd(place.mounts.fd(), PollFlags::PRI),
        PollFd::from_borrowed_fd(state.stop.as_fd(), PollFlags::IN),
    ];
    wait_for(&mut fds, CHECK_EVERY)?;
    let [events, mounts, _] = fds.map(|fd| !fd.revents().is_empty());
    Ok(Woken { events, mounts })
}

/// Sleeps, unless the watch is being dropped.
fn sleep(stop: BorrowedFd<'_>, pause: Duration) -> Result<()> {
    wait_for(&mut [PollFd::from_borrowed_fd(stop, PollFlags::IN)], pause)
}

fn wait_for(fds: &mut [PollFd<'_>], timeout: Duration) -> Result<()> {
    let timeout =
        Timespec { tv_sec: timeout.as_secs().cast_signed(), tv_nsec: timeout.subsec_nanos().into() };
    match poll(fds, Some(&timeout)) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
