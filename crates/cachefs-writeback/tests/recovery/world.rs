use std::path::PathBuf;
use std::sync::Arc;

use cachefs_testkit::CrashFs;
use cachefs_vfs::clock::SystemClock;
use cachefs_vfs::{FileKind, VDir, Vfs, VfsExt};
use cachefs_writeback::{Config, Replayed, Setup, WriteBack};

/// A backing and the directory of a journal. Both outlive the write-back.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) backing: Arc<CrashFs>,
    pub(crate) state: Arc<CrashFs>,
    pub(crate) boot: u8,
}

impl World {
    pub(crate) fn new() -> Self {
        Self { backing: Arc::new(CrashFs::new()), state: Arc::new(CrashFs::new()), boot: 1 }
    }

    /// Where files are found by name only.
    pub(crate) fn by_name_only() -> Self {
        let backing = CrashFs::builder().open_id(false).build();
        Self { backing: Arc::new(backing), ..Self::new() }
    }

    pub(crate) fn journal(&self) -> Arc<dyn VDir> {
        self.state.root().unwrap()
    }

    pub(crate) fn setup(&self) -> Setup {
        let config = Config {
            dirty_max: 8 << 20,
            journal_max: 16 << 20,
            segment_size: 64 << 10,
            flushers: 0,
            ..Config::default()
        };
        Setup { config, source: [7; 32], boot: [self.boot; 16], clock: Arc::new(SystemClock) }
    }

    pub(crate) fn open_over(&self, backing: Arc<dyn Vfs>) -> (WriteBack, Replayed) {
        WriteBack::open(backing, self.journal(), self.setup()).unwrap()
    }

    pub(crate) fn open(&self) -> (WriteBack, Replayed) {
        self.open_over(Arc::clone(&self.backing) as Arc<dyn Vfs>)
    }

    /// Opens it and finds that there is nothing to complain of.
    pub(crate) fn open_quietly(&self) -> WriteBack {
        let (fs, replayed) = self.open();
        assert!(replayed.conflicts.is_empty(), "{replayed:?}");
        assert!(replayed.dropped.iter().all(|dropped| dropped.removed), "{replayed:?}");
        assert!(replayed.waiting.is_empty() && replayed.damaged.is_empty(), "{replayed:?}");
        fs
    }

    /// The process is killed: nothing that still runs of it reaches anything.
    pub(crate) fn kill(self) -> Self {
        let (backing, state) = (self.backing.kill(), self.state.kill());
        Self { backing: Arc::new(backing), state: Arc::new(state), boot: self.boot }
    }

    /// The power goes: what survives is chosen by `seed`.
    pub(crate) fn lose_power(self, seed: u64) -> Self {
        let (backing, state) = (self.backing.crash(seed), self.state.crash(seed));
        Self { backing: Arc::new(backing), state: Arc::new(state), boot: self.boot + 1 }
    }

    /// What lies beside others, with its bytes.
    pub(crate) fn beside(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        for entry in self.backing.walk("").unwrap() {
            let entry = entry.unwrap();
            if entry.kind == FileKind::Regular && entry.path.to_string_lossy().contains(".cachefs-conflict-")
            {
                let bytes = self.backing.read(&entry.path).unwrap();
                found.push((entry.path, bytes));
            }
        }
        found.sort();
        found
    }
}

/// Flushes everything; nothing may be left.
pub(crate) fn flush(fs: &WriteBack) {
    let drained = fs.flush_all(None, &mut |_| {});
    assert!(drained.remaining.is_empty(), "{drained:?}");
}
