use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::mount::{UnmountFlags, unmount};

use crate::Result;

/// How long a mount may take to come up.
const READY: Duration = Duration::from_secs(20);
/// How long a program may take to end once its mount is gone: some write back what they hold.
const END: Duration = Duration::from_secs(60);
/// How often is looked whether it did.
const POLL: Duration = Duration::from_millis(5);

/// A contender that is mounted; dropping it unmounts and ends its process.
#[derive(Debug)]
pub(crate) struct Session {
    root: PathBuf,
    child: Option<Child>,
    metrics: Option<SocketAddr>,
}

impl Session {
    /// Nothing is mounted: the directory itself.
    pub(crate) fn of_directory(root: &Path) -> Self {
        Self { root: root.to_path_buf(), child: None, metrics: None }
    }

    /// Runs `command`, which stays in the foreground, until `at` is mounted. With `tells` it says so by a line of JSON.
    pub(crate) fn start(mut command: Command, at: &Path, log: &Path, tells: bool) -> Result<Self> {
        let stderr = File::create(log)?;
        let stdout = if tells { Stdio::piped() } else { Stdio::null() };
        // Not of our group: a Ctrl-C is for us, and we unmount.
        command.stdin(Stdio::null()).stdout(stdout).stderr(stderr).process_group(0);
        let child = command.spawn().map_err(|e| format!("starting {:?}: {e}", command.get_program()))?;
        // From here on the guard cleans up.
        let mut session = Self { root: at.to_path_buf(), child: Some(child), metrics: None };
        let ready = if tells { session.hear() } else { session.look() };
        ready.map_err(|e| format!("{e}: {}", last_line(log)))?;
        Ok(session)
    }

    /// The top of the tree, seen through the contender.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where it tells of requests, if it does.
    pub(crate) fn metrics(&self) -> Option<SocketAddr> {
        self.metrics
    }

    /// Waits for the line that says it is ready.
    fn hear(&mut self) -> Result<()> {
        let stdout = self.child.as_mut().and_then(|child| child.stdout.take()).ok_or("no standard output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let ready: serde_json::Value = serde_json::from_str(&line).map_err(|_| "not mounted")?;
        self.metrics = ready["metrics"].as_str().and_then(|address| address.parse().ok());
        Ok(())
    }

    /// Waits until the table of mounts has it.
    fn look(&mut self) -> Result<()> {
        let deadline = Instant::now() + READY;
        while !is_mounted(&self.root)? {
            if let Some(child) = &mut self.child
                && let Some(status) = child.try_wait()?
            {
                return Err(format!("not mounted, {status}").into());
            }
            if Instant::now() > deadline {
                return Err("not mounted in time".into());
            }
            thread::sleep(POLL);
        }
        Ok(())
    }

    /// Whether the process has ended by itself in time.
    fn has_ended(child: &mut Child) -> bool {
        let deadline = Instant::now() + END;
        while Instant::now() < deadline {
            if !matches!(child.try_wait(), Ok(None)) {
                return true;
            }
            thread::sleep(POLL);
        }
        false
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let Some(child) = &mut self.child else { return };
        if matches!(is_mounted(&self.root), Ok(true)) {
            take_down(&self.root);
            let _ended = Self::has_ended(child);
        }
        let _killed = child.kill();
        let _reaped = child.wait();
        if matches!(is_mounted(&self.root), Ok(true)) {
            take_down(&self.root);
        }
    }
}

/// Unmounts; also for users other than root.
fn take_down(at: &Path) {
    match unmount(at, UnmountFlags::empty()) {
        Ok(()) => {}
        Err(Errno::PERM) => {
            let _unmounted = Command::new("fusermount3").arg("-u").arg(at).status();
        }
        Err(_) => {
            let _detached = unmount(at, UnmountFlags::DETACH);
        }
    }
}

fn is_mounted(at: &Path) -> Result<bool> {
    let table = fs::read_to_string("/proc/self/mountinfo")?;
    let at = at.to_string_lossy();
    Ok(table.lines().any(|line| line.split(' ').nth(4) == Some(&at)))
}

fn last_line(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    text.lines().last().unwrap_or("it said nothing").to_owned()
}
