//! What the tests of `cachefs-mount` share: two directories, and the daemons started over them. Nothing outlives the
//! test, whatever happens.

#![allow(dead_code, unused_imports, reason = "each test uses its part")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail where it stands, and say what it skips"
)]

mod daemon;
mod scrape;

pub(crate) use daemon::Daemon;
pub(crate) use scrape::Scrape;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::mount::{UnmountFlags, unmount};
use tempfile::TempDir;

/// How long anything may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A source and a mount point.
#[derive(Debug)]
pub(crate) struct Site {
    top: TempDir,
}

impl Site {
    /// Both empty.
    pub(crate) fn new() -> Self {
        let top = tempfile::tempdir().unwrap();
        let site = Self { top };
        open_to_all(site.top.path());
        std::fs::create_dir(site.source()).unwrap();
        std::fs::create_dir(site.mountpoint()).unwrap();
        site
    }

    /// With one file in the source.
    pub(crate) fn with_file(name: &str, contents: &[u8]) -> Self {
        let site = Self::new();
        std::fs::write(site.source().join(name), contents).unwrap();
        site
    }

    /// The directory that holds both.
    pub(crate) fn top(&self) -> &Path {
        self.top.path()
    }

    /// What is mounted.
    pub(crate) fn source(&self) -> PathBuf {
        self.top().join("source")
    }

    /// Where it is mounted.
    pub(crate) fn mountpoint(&self) -> PathBuf {
        self.top().join("mount")
    }

    /// A place for a log.
    pub(crate) fn log(&self) -> PathBuf {
        self.top().join("log")
    }

    /// `cachefs-mount SOURCE MOUNTPOINT ARGUMENTS...`
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = bare();
        command.arg(self.source()).arg(self.mountpoint()).args(arguments);
        command
    }

    /// Mounts in the background and answers the daemon.
    pub(crate) fn mount(&self, arguments: &[&str]) -> Daemon {
        let output = run(self.command(arguments).arg("--json"));
        Daemon::from_ready_line(&output)
    }

    /// Lines of the mount table about this site.
    pub(crate) fn mounts(&self) -> Vec<String> {
        let table = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
        let top = self.top().canonicalize().unwrap();
        let here = |line: &&str| line.split(' ').nth(4).is_some_and(|path| Path::new(path).starts_with(&top));
        table.lines().filter(here).map(str::to_owned).collect()
    }

    /// Waits until what was written to the source so far is old enough to be told from what is written later.
    pub(crate) fn settle(&self) {
        let written = std::time::SystemTime::now();
        wait_until("time passes", || written.elapsed().is_ok_and(|age| age > Duration::from_millis(100)));
    }

    /// Waits until nothing of the site is mounted.
    pub(crate) fn wait_unmounted(&self) {
        wait_until("the mount is gone", || self.mounts().is_empty());
    }

    /// Waits until the log holds a text.
    pub(crate) fn wait_logged(&self, text: &str) -> String {
        let log = || std::fs::read_to_string(self.log()).unwrap_or_default();
        wait_until(text, || log().contains(text));
        log()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        for _ in 0..16 {
            if unmount(self.mountpoint(), UnmountFlags::DETACH).is_err() {
                break;
            }
        }
    }
}

/// The program without arguments, and without settings from our environment.
pub(crate) fn bare() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cachefs-mount"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CACHEFS_")) {
        command.env_remove(name);
    }
    // Whatever is configured on this machine.
    command.env("CACHEFS_CONFIG", "/dev/null");
    command.stdin(Stdio::null());
    command
}

/// Runs a command to its end, which must come in time.
pub(crate) fn run(command: &mut Command) -> Output {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let ended = wait_for(|| child.try_wait().unwrap().map(|_| ()));
    if ended.is_none() {
        child.kill().unwrap();
        panic!("{command:?} did not end: {:?}", child.wait_with_output());
    }
    child.wait_with_output().unwrap()
}

/// Lets other users pass.
pub(crate) fn open_to_all(path: &Path) {
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(path, mode).unwrap();
}

/// Whether the tests run as root; if not, says what is skipped.
pub(crate) fn is_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        println!("skipped: needs root");
    }
    root
}

/// Waits until a condition holds.
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    assert!(wait_for(|| holds().then_some(())).is_some(), "waited in vain: {what}");
}

/// Waits until there is an answer.
pub(crate) fn wait_for<T>(mut answer: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = answer();
        if answer.is_some() || Instant::now() > deadline {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(2)); // sleep: the interval of a poll with a deadline
    }
}
