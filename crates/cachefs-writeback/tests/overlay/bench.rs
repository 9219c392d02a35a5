use std::sync::Arc;
use std::time::Duration;

use cachefs_testkit::{CallKind, CountFs};
use cachefs_vfs::clock::SystemClock;
use cachefs_vfs::{
    Access, Attr, CreateHow, MemFs, Mode, Name, OpenHow, Owner, Privileges, RemoveKind, RenameHow, VDir,
    VFile, Vfs,
};
use cachefs_writeback::{Config, Setup, WriteBack};

/// A write-back that flushes nothing by itself, over a filesystem whose calls are counted, and the bare filesystem.
pub(crate) struct Bench {
    pub(crate) fs: WriteBack,
    pub(crate) root: Arc<dyn VDir>,
    pub(crate) counted: Arc<CountFs>,
    pub(crate) bare: Arc<dyn VDir>,
}

pub(crate) fn name(name: &str) -> Name<'_> {
    Name::new(name).unwrap()
}

impl Bench {
    pub(crate) fn new() -> Self {
        let bare: Arc<dyn Vfs> = Arc::new(MemFs::new());
        let counted = Arc::new(CountFs::new(Arc::clone(&bare)));
        let backing = Arc::clone(&counted) as Arc<dyn Vfs>;
        let config = Config {
            flushers: 0,
            dirty_max: 64 << 20,
            journal_max: 256 << 20,
            segment_size: 1 << 20,
            room_wait: Duration::from_millis(10),
            ..Config::default()
        };
        let setup = Setup { config, source: [1; 32], boot: [2; 16], clock: Arc::new(SystemClock) };
        let fs = WriteBack::open(backing, MemFs::new().root().unwrap(), setup).unwrap().0;
        let root = fs.root().unwrap();
        Self { root, fs, counted, bare: bare.root().unwrap() }
    }

    /// A new file that is dirty with `bytes`.
    pub(crate) fn dirty(&self, at: &str, bytes: &[u8]) -> Arc<dyn VFile> {
        let how =
            CreateHow { open: OpenHow::new(Access::ReadWrite), mode: Mode::new(0o644), exclusive: false };
        let file = self.root.create(name(at), how, &Owner::process()).unwrap().handle;
        assert_eq!(file.write_at(bytes, 0, Privileges::Keep).unwrap(), bytes.len());
        file
    }

    /// How often the backing was written to.
    pub(crate) fn writes(&self) -> u64 {
        let counts = self.counted.snapshot();
        counts.of(CallKind::Write) + counts.of(CallKind::Append)
    }

    pub(crate) fn flush(&self) {
        let drained = self.fs.flush_all(None, &mut |_| ());
        assert!(drained.remaining.is_empty(), "{drained:?}");
    }

    /// Everything is in the backing, and nothing was taken for somebody else's change.
    pub(crate) fn settle(&self) {
        self.flush();
        let status = self.fs.status();
        assert_eq!((status.dirty_bytes, status.dirty_files, status.conflicts), (0, 0, 0));
    }

    pub(crate) fn rename(&self, from: &str, to: &str, how: RenameHow) {
        self.root.rename(name(from), &*self.root, name(to), how).unwrap();
    }

    pub(crate) fn remove(&self, at: &str) {
        self.root.remove(name(at), RemoveKind::File).unwrap();
    }

    pub(crate) fn stat(&self, at: &str) -> Attr {
        self.root.stat(name(at)).unwrap()
    }
}

/// All bytes of a name.
pub(crate) fn bytes(dir: &dyn VDir, at: &str) -> Vec<u8> {
    read(&*dir.open(name(at), OpenHow::new(Access::Read)).unwrap().handle)
}

/// All bytes of a file.
pub(crate) fn read(file: &dyn VFile) -> Vec<u8> {
    let mut all = vec![0xEE; usize::try_from(file.attr().unwrap().size).unwrap() + 1];
    let count = file.read_at(&mut all, 0).unwrap();
    all.truncate(count);
    all
}

/// All names of a directory.
pub(crate) fn names(dir: &dyn VDir) -> Vec<String> {
    let mut names = Vec::new();
    dir.read_dir(cachefs_vfs::Cookie::START, &mut |entry| {
        names.push(entry.name.to_string());
        std::ops::ControlFlow::Continue(())
    })
    .unwrap();
    names.sort();
    names
}
