mod binding;
mod holding;
mod mounted;
mod places;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use super::{Drain, Source, StateDir, StateError};

/// A place with a source and a root of state directories.
struct World {
    dir: TempDir,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("source")).unwrap();
        Self { dir }
    }

    fn source_path(&self) -> PathBuf {
        self.dir.path().join("source")
    }

    fn source(&self) -> Source {
        Source::of(&self.source_path()).unwrap()
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join("state/cachefs")
    }

    fn open(&self) -> Result<StateDir, StateError> {
        self.open_waiting(Duration::ZERO, |_| ())
    }

    fn open_waiting(&self, wait: Duration, told: impl FnMut(Option<Drain>)) -> Result<StateDir, StateError> {
        StateDir::open(&self.root(), &self.source(), Some(Path::new("/mnt/here")), wait, told)
    }
}
