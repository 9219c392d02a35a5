use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use super::detach::detach;
use crate::failure::Failure;
use crate::mount_table::{Entry, MountTable};
use crate::places::is_dead_mount;

/// The first argument of the process that keeps guard.
pub(crate) const ARGUMENT: &str = "--internal-guard";

/// How long the guardian waits for the kernel to notice that the daemon is dead.
const NOTICE_MAX: Duration = Duration::from_secs(10);
const NOTICE_STEP: Duration = Duration::from_millis(5);

/// A process that removes the mount when the daemon dies, however it dies: the daemon holds one end of a pipe, and
/// the kernel closes it.
#[derive(Debug)]
pub(super) struct Guardian {
    /// Never written to.
    _pipe: Option<ChildStdin>,
    _process: Child,
}

impl Guardian {
    /// Starts it, before the mount: it must not inherit the mount's connection, which would keep it alive.
    ///
    /// # Errors
    /// When no process can be started.
    pub(super) fn start(mountpoint: &Path) -> Result<Self, Failure> {
        let mut command = Command::new("/proc/self/exe");
        command.arg0("cachefs-guardian").arg(ARGUMENT).arg(mountpoint).current_dir("/");
        command.env_remove("NOTIFY_SOCKET");
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut process = command.spawn().map_err(|error| {
            Failure::system(format!("the guardian of -o auto_unmount cannot be started: {error}"))
        })?;
        Ok(Self { _pipe: process.stdin.take(), _process: process })
    }
}

/// What the guardian does: waits until the daemon is gone and detaches the mount if it is still there, dead.
pub(crate) fn keep_guard(mut arguments: impl Iterator<Item = OsString>) -> u8 {
    let Some(mountpoint) = arguments.next().map(PathBuf::from) else { return 1 };
    // What ends the daemon's whole group must not end its guardian.
    _ = rustix::process::setsid();
    wait_for_end(std::io::stdin());
    let deadline = Instant::now() + NOTICE_MAX;
    while is_mounted(&mountpoint) && Instant::now() < deadline {
        if is_dead_at(&mountpoint) {
            return u8::from(detach(&mountpoint).is_err());
        }
        std::thread::sleep(NOTICE_STEP);
    }
    0
}

fn wait_for_end(mut pipe: impl Read) {
    let mut buffer = [0; 64];
    while !matches!(pipe.read(&mut buffer), Ok(0) | Err(_)) {}
}

fn is_mounted(path: &Path) -> bool {
    is_fuse_mount(path, |_| true)
}

fn is_dead_at(path: &Path) -> bool {
    is_fuse_mount(path, is_dead_mount)
}

fn is_fuse_mount(path: &Path, also: impl Fn(&Entry) -> bool) -> bool {
    let table = MountTable::read();
    table.is_ok_and(|table| {
        table.at(path).is_some_and(|entry| entry.fs_type.starts_with("fuse.") && also(entry))
    })
}

/// Whether a process was started to keep guard.
pub(crate) fn is_called(argument: Option<&OsStr>) -> bool {
    argument == Some(OsStr::new(ARGUMENT))
}
