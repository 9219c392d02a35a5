mod binding;
mod holding;
mod mounted;
mod places;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cachefs_vfs::{FileId, Time, Version};
use tempfile::TempDir;

use super::{Drain, Source, StateDir, StateError};
use crate::journal::{BootId, Entry, FileNo, Journal, Setup, SourceId};

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

/// Leaves a journal as a killed process does: with bytes of a file, which may be `done` with.
fn leave(state: StateDir, done: bool) -> PathBuf {
    let setup = Setup {
        segment_size: 4096,
        bytes_max: 1 << 20,
        source: SourceId(state.source().digest()),
        boot: BootId(crate::boot_id()),
    };
    let (journal, _) = Journal::open(state.journal().unwrap(), setup).unwrap();
    let (no, time) = (FileNo(1), Time { seconds: 5, nanos: 6 });
    let id = FileId { inode: 77, ..state.source().id() };
    let own = Version { size: 0, mtime: time, ctime: time, tag: 0 };
    journal.append(&Entry::File { no, id, path: "a/file".into(), own }, &[]).unwrap();
    journal.append(&Entry::Data { no, offset: 0, mtime: time }, b"dear bytes").unwrap();
    if done {
        journal.append(&Entry::Done { no }, &[]).unwrap();
    }
    let path = state.path().join("journal");
    assert!(files(&path) > 0);
    path
}

fn files(journal: &Path) -> usize {
    fs::read_dir(journal).unwrap().count()
}
