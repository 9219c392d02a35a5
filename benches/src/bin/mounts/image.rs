use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::mount::{UnmountFlags, unmount};
use tempfile::TempDir;

use crate::Result;

/// Large enough for the tree, and for what a contender copies of it; takes only the memory that is written.
const SIZE: u64 = 4 << 30;
/// Where images are kept, in memory.
const MEMORY: &str = "/dev/shm";

/// A new ext4 in memory, mounted; unmounted and removed when this is dropped.
///
/// New, because an old one can be slow by its history: without a journal, ext4 does not use the inodes of recently
/// removed files again, and each creation searches past all of them. In memory, because no disk shall be busy with
/// what was written a while ago. Of its own, because a mount that watches a filesystem is told of everything there.
#[derive(Debug)]
pub(crate) struct Image {
    top: TempDir,
}

impl Image {
    /// Needs root, `mkfs.ext4` and `mount`.
    pub(crate) fn mount() -> Result<Self> {
        let image = Self { top: tempfile::Builder::new().prefix("cachefs-image-").tempdir_in(MEMORY)? };
        let file = image.top.path().join("ext4");
        File::create(&file)?.set_len(SIZE)?;
        let mut make = Command::new("mkfs.ext4");
        // All now: else the kernel would go on with it while others are measured.
        make.args(["-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0"]).arg(&file);
        run(&mut make)?;
        fs::create_dir(image.path())?;
        run(Command::new("mount").args(["-o", "loop"]).arg(&file).arg(image.path()))?;
        Ok(image)
    }

    /// Its top directory.
    pub(crate) fn path(&self) -> PathBuf {
        self.top.path().join("mounted")
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        if unmount(self.path().as_path(), UnmountFlags::empty()).is_err() {
            let _detached = unmount(self.path().as_path(), UnmountFlags::DETACH);
        }
    }
}

fn run(command: &mut Command) -> Result<()> {
    let name = Path::new(command.get_program()).display().to_string();
    let output = command.stdin(Stdio::null()).output().map_err(|e| format!("starting {name}: {e}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim()).into())
}
