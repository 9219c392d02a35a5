use std::env;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::mount::{UnmountFlags, unmount};
use rustix::process::{Pid, Signal, kill_process};

use crate::Result;
use crate::contender::Writing;
use crate::flags::Flags;
use crate::ground::{Ground, Pen};
use crate::native::Directory;

/// A directory mounted by `cachefs-mount`; unmounted when this is dropped.
#[derive(Debug)]
pub(crate) struct Mounted {
    daemon: Child,
    directory: Directory,
}

impl Mounted {
    /// Mounts `source` of `top` on its `mount`, with the journal in its `state`.
    pub(crate) fn start(top: &Path, writing: Writing, dirty_max: u64, flags: &Flags) -> Result<Self> {
        let at = top.join("mount");
        let mut command = Command::new(program(flags)?);
        command.arg(top.join("source")).arg(&at).args(["--foreground", "--json"]);
        match writing {
            Writing::Through => command.args(["--mode", "through"]),
            Writing::Back => {
                command.args(["--mode", "back", "--state-dir"]).arg(top.join("state"));
                command.args(["--dirty-max", &dirty_max.to_string()])
            }
        };
        let log = top.join("log");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(&log)?);
        let daemon = command.spawn().map_err(|e| format!("starting {:?}: {e}", command.get_program()))?;
        // From here on the guard cleans up.
        let mut mounted = Self { daemon, directory: Directory(at) };
        let stdout = mounted.daemon.stdout.take().ok_or("no standard output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        if line.contains("\"ready\"") {
            Ok(mounted)
        } else {
            Err(format!("not mounted: {}", last_line(&log)).into())
        }
    }
}

impl Ground for Mounted {
    fn open(&self, name: &str) -> Result<Box<dyn Pen>> {
        self.directory.open(name)
    }

    fn create(&self, name: &str) -> Result<Box<dyn Pen>> {
        self.directory.create(name)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let pid = i32::try_from(self.daemon.id()).ok().and_then(Pid::from_raw);
        // What it holds is of no use any more: a second signal ends it at once.
        for _ in 0..2 {
            let _asked = pid.map(|pid| kill_process(pid, Signal::TERM));
        }
        let _detached = unmount(&self.directory.0, UnmountFlags::DETACH);
        let _killed = self.daemon.kill();
        let _reaped = self.daemon.wait();
    }
}

fn last_line(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    text.lines().last().unwrap_or("it said nothing").to_owned()
}

/// Builds `cachefs-mount` the way this program was built, where cargo runs us; else takes the one beside us.
fn program(flags: &Flags) -> Result<PathBuf> {
    if let Some(path) = &flags.cachefs {
        return Ok(path.clone());
    }
    let ours = env::current_exe()?;
    let home = ours.parent().ok_or("this program is in no directory")?;
    if let Some(cargo) = env::var_os("CARGO") {
        let mut command = Command::new(cargo);
        command.args(["build", "--quiet", "-p", "cachefs-fuse", "--bin", "cachefs-mount"]);
        command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
        if home.ends_with("release") {
            command.arg("--release");
        }
        if !command.status().map_err(|e| format!("building cachefs-mount: {e}"))?.success() {
            return Err("building cachefs-mount failed".into());
        }
    }
    let path = home.join("cachefs-mount");
    if path.is_file() { Ok(path) } else { Err(format!("no {}; try --cachefs PATH", path.display()).into()) }
}
