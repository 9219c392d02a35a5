use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::{wait_for, writes_back};

const PATIENCE: Duration = Duration::from_secs(20);
/// How the daemon ends where it kept something beside what others had changed.
const CONFLICTS: i32 = 11;

/// A directory mounted by `cachefs-mount`; unmounted when this is dropped, whatever happened.
#[derive(Debug)]
pub struct Mounted {
    daemon: Child,
    mountpoint: TempDir,
    source: PathBuf,
    /// Kept until after the unmount, where the source is ours.
    scratch: Option<TempDir>,
    /// Where it writes back: for its journal, of which nothing is left behind.
    state: Option<TempDir>,
}

impl Mounted {
    /// Mounts a fresh, empty directory of the disk.
    pub fn fresh(arguments: &[&str]) -> Self {
        Self::within(tempfile::tempdir().unwrap(), arguments)
    }

    /// Mounts `scratch`, which is removed afterwards.
    pub fn within(scratch: TempDir, arguments: &[&str]) -> Self {
        // Others than the owner have to get in where a test changes users.
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(scratch.path(), mode).unwrap();
        let source = scratch.path().to_path_buf();
        let mut mounted = Self::over(&source, arguments);
        mounted.scratch = Some(scratch);
        mounted
    }

    /// Mounts `source`, which stays the caller's.
    pub fn over(source: &Path, arguments: &[&str]) -> Self {
        let mountpoint = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_cachefs-mount"));
        command.arg("-f").arg(source).arg(mountpoint.path()).args(arguments);
        if super::is_root() {
            command.args(["-o", "allow_other"]);
        }
        let state = writes_back(arguments).then(|| tempfile::tempdir().unwrap());
        command.args(state.iter().map(|state| format!("--state-dir={}", state.path().display())));
        let daemon = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        let mut mounted = Self { daemon, mountpoint, source: source.to_path_buf(), scratch: None, state };
        let ready = wait_for(PATIENCE, || {
            let ended = mounted.daemon.try_wait().unwrap();
            assert!(ended.is_none(), "cachefs-mount ended before it was ready: {ended:?}");
            is_mounted(mounted.path()).then_some(())
        });
        assert!(ready.is_some(), "cachefs-mount did not mount within {PATIENCE:?}");
        mounted
    }

    /// The mount point.
    pub fn path(&self) -> &Path {
        self.mountpoint.path()
    }

    /// The directory beneath.
    pub fn source(&self) -> &Path {
        &self.source
    }

    /// Waits until the directory beneath has all that was written so far.
    pub fn flush(&self) {
        if self.state.is_some() {
            let Some(cachefs) = option_env!("CARGO_BIN_EXE_cachefs") else { panic!("no program `cachefs`") };
            let output = Command::new(cachefs).arg("flush").arg(self.path()).output().unwrap();
            assert!(output.status.success(), "cachefs flush: {output:?}");
        }
    }

    /// The daemon's process id.
    pub fn pid(&self) -> u32 {
        self.daemon.id()
    }

    /// Unmounts as a user would, by SIGTERM, and checks that the daemon is content.
    pub fn unmount(self) {
        self.unmount_with(&[0]);
    }

    /// Likewise, where others may have changed what waited to be written back: then both are kept, and it says so.
    pub fn unmount_with_conflicts(self) {
        self.unmount_with(&[0, CONFLICTS]);
    }

    fn unmount_with(mut self, codes: &[i32]) {
        self.signal(Signal::TERM);
        let status = wait_for(PATIENCE, || self.daemon.try_wait().unwrap());
        let code = status.and_then(|status| status.code());
        assert!(code.is_some_and(|code| codes.contains(&code)), "the daemon ended with {status:?}");
        assert!(!is_mounted(self.path()), "still mounted after the daemon ended");
    }

    /// Sends the daemon a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.daemon.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            let _ = kill_process(pid, signal);
        }
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        if let Ok(None) = self.daemon.try_wait() {
            self.signal(Signal::TERM);
            if wait_for(Duration::from_secs(5), || self.daemon.try_wait().ok().flatten()).is_none() {
                let _ = self.daemon.kill();
                let _ = self.daemon.wait();
            }
        }
        if is_mounted(self.path()) {
            let unmount = if super::is_root() { "umount" } else { "fusermount3" };
            let flags: &[&str] = if super::is_root() { &["-l"] } else { &["-u", "-z"] };
            let _ = Command::new(unmount).args(flags).arg(self.path()).status();
        }
    }
}

/// Whether something is mounted exactly here.
fn is_mounted(path: &Path) -> bool {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    mounts.lines().any(|line| line.split(' ').nth(4) == path.to_str())
}
