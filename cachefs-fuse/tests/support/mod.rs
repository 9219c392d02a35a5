//! A filesystem mounted by the test's own process, on which the test's threads and children work.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cachefs_fuse::{Mount, MountConfig};
use cachefs_vfs::{LocalFs, Vfs};
use tempfile::TempDir;

/// The longest a test waits for what should come at once.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A mount that is gone when this is dropped, whatever state it is in.
#[derive(Debug)]
pub(crate) struct MountGuard {
    mount: Option<Mount>,
    /// The number of the connection in `/sys/fs/fuse/connections`.
    connection: u64,
    dir: TempDir,
}

impl MountGuard {
    /// Mounts `fs`; `dir` holds the mount point `mnt`.
    pub(crate) fn new(fs: Arc<dyn Vfs>, dir: TempDir, config: MountConfig) -> Self {
        let point = dir.path().join("mnt");
        std::fs::create_dir_all(&point).expect("a directory to mount on");
        let mount = Mount::start(fs, &point, config).expect("mounting");
        let device = std::fs::metadata(&point).expect("the mount answers").dev();
        Self { mount: Some(mount), connection: u64::from(rustix::fs::minor(device)), dir }
    }

    /// A path on the mount.
    pub(crate) fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        self.dir.path().join("mnt").join(path)
    }

    /// The same path in the directory beneath, for [`local`] mounts.
    pub(crate) fn beneath(&self, path: impl AsRef<Path>) -> PathBuf {
        self.dir.path().join("src").join(path)
    }

    pub(crate) fn mount(&self) -> &Mount {
        self.mount.as_ref().expect("mounted")
    }

    /// Gives the mount away; the guard goes on guarding.
    pub(crate) fn take(&mut self) -> Mount {
        self.mount.take().expect("mounted")
    }
}

impl Drop for MountGuard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let abort = format!("/sys/fs/fuse/connections/{}/abort", self.connection);
            let _not_there = std::fs::write(abort, "1");
        }
        drop(self.mount.take());
        let point = self.dir.path().join("mnt");
        let _gone = Command::new("umount").args(["-l", "-q"]).arg(&point).status();
    }
}

/// What tests mount: everybody may use it, with devices and set-id bits.
pub(crate) fn config() -> MountConfig {
    use cachefs_fuse::MountFlag::{Dev, Suid};
    MountConfig { allow_other: is_root(), flags: vec![Dev, Suid], ..MountConfig::default() }
}

/// Whether the kernel is asked every time: a change beneath is seen at once.
pub(crate) fn uncached() -> MountConfig {
    MountConfig {
        attr_ttl: Duration::ZERO,
        entry_ttl: Duration::ZERO,
        negative_ttl: Duration::ZERO,
        ..config()
    }
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// An empty real directory (`src`), mounted on `mnt`; others may pass through the directory that holds both.
pub(crate) fn local(config: MountConfig) -> MountGuard {
    let dir = tempfile::tempdir().expect("a temporary directory");
    std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755)).expect("chmod");
    let source = dir.path().join("src");
    std::fs::create_dir(&source).expect("a source directory");
    let fs = LocalFs::open(&source).expect("the source opens").impersonate(is_root());
    MountGuard::new(Arc::new(fs), dir, config)
}

/// Runs a shell script, which fails at its first error, in `dir`; as user and group 65534 if `nobody`.
pub(crate) fn shell(dir: &Path, nobody: bool, script: &str) -> Output {
    let mut command = match nobody {
        true => {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-ec", script]);
            command
        }
        false => {
            let mut command = Command::new("sh");
            command.args(["-ec", script]);
            command
        }
    };
    command.current_dir(dir).output().expect("a shell")
}

/// As [`shell`]; its standard output, or a failed test.
pub(crate) fn run(dir: &Path, nobody: bool, script: &str) -> String {
    let output = shell(dir, nobody, script);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}\nfailed: {errors}");
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

/// Waits until `done`.
pub(crate) fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < until, "{what} did not come");
        std::thread::yield_now();
    }
}
