use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use cachefs_fuse::control::{Client, Place, is_undead};

/// How long a daemon takes to end once nothing keeps it.
const END_MAX: Duration = Duration::from_secs(5);
const END_STEP: Duration = Duration::from_millis(10);

/// Cuts off a daemon at this mount point that was killed and cannot end: nothing there could be asked otherwise.
pub(super) fn cut_off_at(mountpoint: &Path, note: &dyn Fn(&str)) {
    let Ok(Some(place)) = Place::of_mount(mountpoint) else { return };
    let refused = place.socket.as_deref().map(Client::connect).and_then(Result::err);
    if refused.and_then(|error| Client::undead(&error)).is_some() {
        cut(&place, note);
    }
}

/// The same for the daemon that holds a journal and serves at this mount point; whether it has ended.
pub(super) fn cut_off(pid: u32, mountpoint: Option<&Path>, note: &dyn Fn(&str)) -> bool {
    if !is_undead(pid) && is_there(pid) {
        return false;
    }
    // A process that is not seen may be one of another container.
    if let (true, Some(Ok(Some(place)))) = (is_undead(pid), mountpoint.map(Place::of_mount)) {
        cut(&place, note);
    }
    let until = Instant::now() + END_MAX;
    while is_there(pid) && Instant::now() < until {
        thread::sleep(END_STEP);
    }
    true
}

/// Whether there is such a process: one that has ended for good is none, even if nobody has waited for it.
fn is_there(pid: u32) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task"));
    threads.is_ok_and(|threads| !is_undead(pid) || threads.count() > 1)
}

fn cut(place: &Place, note: &dyn Fn(&str)) {
    let shown = place.mountpoint.display();
    match place.cut_off() {
        Ok(()) => note(&format!("cut off the daemon of {shown}, which was killed and could not end")),
        Err(error) => {
            tracing::warn!(%error, "the daemon of {shown} was killed, cannot end, and cannot be cut off")
        }
    }
}
