use std::sync::Arc;
use std::time::Duration;

use cachefs_testkit::SlowFs;
use cachefs_vfs::{Error, LocalFs, MemFs, Result, Vfs, VfsExt};
use tempfile::TempDir;

/// What the files lie in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backing {
    /// A [`MemFs`]: no system call.
    Memory,
    /// A directory, by [`LocalFs`].
    Local,
    /// A [`SlowFs`] in memory: each call takes some time.
    Slow,
}

/// Files of one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Files {
    /// How many.
    pub count: usize,
    /// Bytes of each.
    pub size: usize,
}

/// A backing with files in it; what is on a disk is removed when this is dropped.
#[derive(Debug)]
pub struct Laid {
    /// The filesystem.
    pub fs: Arc<dyn Vfs>,
    /// The names of its files, all in the root.
    pub names: Vec<String>,
    _dir: Option<TempDir>,
}

impl Backing {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Memory, Self::Local, Self::Slow];

    /// What reports call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Local => "local",
            Self::Slow => "slow",
        }
    }

    /// Makes the files, and only then slow what is to be slow, by `latency` per call.
    ///
    /// # Errors
    /// If the files can't be written.
    pub fn lay(self, files: Files, latency: Duration) -> Result<Laid> {
        let dir = (self == Self::Local).then(TempDir::new).transpose().map_err(Error::from)?;
        let fs: Arc<dyn Vfs> = match &dir {
            Some(dir) => Arc::new(LocalFs::open(dir.path())?),
            None => Arc::new(MemFs::new()),
        };
        let names: Vec<String> = (0..files.count).map(|number| format!("file-{number:06}")).collect();
        for (number, name) in names.iter().enumerate() {
            fs.write(name, &content(number, files.size))?;
        }
        let fs = if self == Self::Slow { Arc::new(SlowFs::new(fs).latency(latency)) } else { fs };
        Ok(Laid { fs, names, _dir: dir })
    }
}

/// What the file of this number holds: no two of the first 251 alike.
#[must_use]
pub fn content(number: usize, size: usize) -> Vec<u8> {
    (0..size).map(|at| ((at + number) % 251).to_le_bytes()[0]).collect()
}
