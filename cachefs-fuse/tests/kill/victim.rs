use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::mount::{UnmountFlags, unmount};
use rustix::process::{Pid, Signal, kill_process};

use super::super::acceptance::wait_for;

/// How long a daemon may take to come, with a journal to replay, or to go, with bytes to flush.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long one that was killed is believed to be about to end.
const DEATH: Duration = Duration::from_secs(2);

/// A `cachefs-mount` that is going to be killed; nothing of it is left when this is dropped.
#[derive(Debug)]
pub(crate) struct Victim<'a> {
    daemon: Child,
    mountpoint: &'a Path,
    log: &'a Path,
}

impl<'a> Victim<'a> {
    /// Starts it in the foreground; it is not ready yet.
    pub(crate) fn start(source: &Path, mountpoint: &'a Path, log: &'a Path, arguments: &[String]) -> Self {
        let stderr = File::options().create(true).append(true).open(log).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_cachefs-mount"));
        command.arg("-f").arg(source).arg(mountpoint).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr);
        Self { daemon: command.spawn().unwrap(), mountpoint, log }
    }

    /// Waits until it serves.
    pub(crate) fn wait_ready(&mut self) {
        let ready = wait_for(PATIENCE, || {
            let ended = self.daemon.try_wait().unwrap();
            assert!(ended.is_none(), "no mount, {ended:?}:\n{}", self.said());
            is_mounted(self.mountpoint).then_some(())
        });
        assert!(ready.is_some(), "no mount in {PATIENCE:?}:\n{}", self.said());
    }

    /// Kills it with no warning and waits for its end. Who works on the mount hears of it then.
    ///
    /// A thread that tells the kernel of a name may wait there for a directory that somebody holds who waits for an
    /// answer from us: then the process ends only once its connection is cut, as `umount -f` does.
    pub(crate) fn kill(&mut self) {
        self.signal(Signal::KILL);
        if wait_for(DEATH, || self.daemon.try_wait().unwrap()).is_none() {
            println!("a daemon that was killed did not end: cut off");
            // Cut whether or not it can be taken away already.
            let _busy = unmount(self.mountpoint, UnmountFlags::FORCE);
            assert!(wait_for(PATIENCE, || self.daemon.try_wait().unwrap()).is_some(), "still there");
        }
    }

    /// Asks it to flush what it has, and to end.
    pub(crate) fn ask_to_leave(&self) {
        self.signal(Signal::TERM);
    }

    /// Ends it as a user would, by `cachefs umount` or a signal: it has to leave nothing behind.
    pub(crate) fn leave(mut self, by_signal: bool) {
        match option_env!("CARGO_BIN_EXE_cachefs") {
            Some(cachefs) if !by_signal => {
                let output = Command::new(cachefs).arg("umount").arg(self.mountpoint).output().unwrap();
                assert!(output.status.success(), "cachefs umount: {output:?}\n{}", self.said());
            }
            _ => self.ask_to_leave(),
        }
        let status: Option<ExitStatus> = wait_for(PATIENCE, || self.daemon.try_wait().unwrap());
        assert!(status.is_some_and(|status| status.success()), "ended with {status:?}:\n{}", self.said());
        assert!(!is_mounted(self.mountpoint), "still mounted after the daemon ended");
    }

    /// The last lines of its log.
    fn said(&self) -> String {
        let text = std::fs::read_to_string(self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.daemon.id()).ok().and_then(Pid::from_raw).unwrap();
        kill_process(pid, signal).unwrap();
    }
}

impl Drop for Victim<'_> {
    fn drop(&mut self) {
        let _gone = self.daemon.kill();
        let _cut = unmount(self.mountpoint, UnmountFlags::FORCE);
        let _reaped = self.daemon.wait();
        while is_mounted(self.mountpoint) && unmount(self.mountpoint, UnmountFlags::DETACH).is_ok() {}
    }
}

/// Whether something is mounted exactly here.
fn is_mounted(path: &Path) -> bool {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    mounts.lines().any(|line| line.split(' ').nth(4) == path.to_str())
}
