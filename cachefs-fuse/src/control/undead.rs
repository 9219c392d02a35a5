//! Daemons that were killed and cannot end: a thread that tells the kernel of a name waits there for a directory that
//! somebody holds who waits for an answer of the daemon. Its sockets still take connections, its locks are still held,
//! and whoever asks the mount for anything waits for ever, until the connection to the kernel is cut.

use std::io;

/// Whether this process has been killed or has ended, but for threads that hang.
#[must_use]
pub fn is_undead(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // `PID (NAME) STATE ...`, and the name may be anything.
    let state = stat.rsplit_once(") ").map(|(_, rest)| rest);
    state.is_some_and(|state| state.starts_with(['Z', 'X']))
}

/// Ends the connection of the mount with this device (`MAJOR:MINOR`): all who wait for its daemon get an error.
pub(super) fn cut_off(device: &str) -> io::Result<()> {
    let minor = device.rsplit_once(':').map_or(device, |(_, minor)| minor);
    std::fs::write(format!("/sys/fs/fuse/connections/{minor}/abort"), "1")
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn who_has_ended_but_is_still_there_is_undead() {
        let mut ended = Command::new("true").spawn().expect("true");
        let until = Instant::now() + Duration::from_secs(10);
        while !is_undead(ended.id()) {
            assert!(Instant::now() < until, "a process that nobody waits for stays as a zombie");
            std::thread::yield_now();
        }
        ended.wait().expect("ended");
        assert!(!is_undead(ended.id()) && !is_undead(std::process::id()) && !is_undead(0));
    }
}
