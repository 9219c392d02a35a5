use std::sync::Arc;

use cachefs_vfs::clock::SystemClock;
use cachefs_vfs::{Access, CreateHow, Errno, MemFs, Mode, OpenHow, Owner, Privileges, VFile, Vfs, VfsExt};
use cachefs_writeback::{Config, Setup, WriteBack};

use crate::bench::name;

/// A write-back, what it writes to, and its journal.
struct Rotting {
    fs: WriteBack,
    backing: Arc<MemFs>,
    journal: Arc<MemFs>,
}

fn open(backing: &Arc<MemFs>, journal: &MemFs) -> WriteBack {
    let config = Config { flushers: 0, segment_size: 8 << 20, ..Config::default() };
    let setup = Setup { config, source: [1; 32], boot: [2; 16], clock: Arc::new(SystemClock) };
    WriteBack::open(backing.clone(), journal.root().unwrap(), setup).unwrap().0
}

impl Rotting {
    fn new() -> Self {
        let (backing, journal) = (Arc::new(MemFs::new()), Arc::new(MemFs::new()));
        Self { fs: open(&backing, &journal), backing, journal }
    }

    fn create(&self) -> Arc<dyn VFile> {
        let open = OpenHow::new(Access::ReadWrite);
        let how = CreateHow { open, mode: Mode::new(0o640), exclusive: true };
        self.fs.root().unwrap().create(name("f"), how, &Owner::process()).unwrap().handle
    }

    /// One byte of the payload that is all `0xAA`, 1000 bytes into it, is another from now on.
    fn rot(&self) {
        let mut rotten = 0;
        for (segment, _) in self.journal.list("").unwrap() {
            let bytes = self.journal.read(&segment).unwrap();
            let payload = bytes.windows(64).position(|bytes| bytes.iter().all(|byte| *byte == 0xAA));
            if let Some(at) = payload {
                let file = self.journal.open(&segment, OpenHow::new(Access::ReadWrite)).unwrap();
                assert_eq!(file.write_at(&[0x55], at as u64 + 1000, Privileges::Keep).unwrap(), 1);
                rotten += 1;
            }
        }
        assert_eq!(rotten, 1);
    }

    /// Neither a reader nor the backing gets the byte.
    fn assert_refused(&self, file: &dyn VFile) {
        let read = file.read_at(&mut [0; 4096], 0);
        assert_eq!(read.map_err(|error| error.errno()), Err(Errno::IO));
        let drained = self.fs.flush_all(None, &mut |_| ());
        assert_eq!(drained.remaining.len(), 1, "{drained:?}");
        assert!(!self.backing.read("f").unwrap().contains(&0x55));
    }
}

#[test]
fn a_record_that_is_overwritten_in_part_is_verified_as_a_whole() {
    let rotting = Rotting::new();
    let file = rotting.create();
    assert_eq!(file.append(&[0xAA; 8192], Privileges::Keep).unwrap(), 8192);
    assert_eq!(file.write_at(b"z", 0, Privileges::Keep).unwrap(), 1);
    rotting.rot();
    rotting.assert_refused(&*file);
}

#[test]
fn a_record_that_is_flushed_in_pieces_is_verified_as_a_whole() {
    let rotting = Rotting::new();
    let file = rotting.create();
    assert_eq!(file.append(&[0xAA; 2 << 20], Privileges::Keep).unwrap(), 2 << 20);
    rotting.rot();
    rotting.assert_refused(&*file);
}

#[test]
fn sound_records_are_read_in_pieces() {
    let rotting = Rotting::new();
    let file = rotting.create();
    assert_eq!(file.append(&[0xAA; 2 << 20], Privileges::Keep).unwrap(), 2 << 20);
    for at in [0, 4096, (2 << 20) - 4096] {
        let mut page = [0; 4096];
        assert_eq!(file.read_at(&mut page, at).unwrap(), 4096);
        assert_eq!(page, [0xAA; 4096]);
    }
    assert!(rotting.fs.flush_all(None, &mut |_| ()).remaining.is_empty());
    assert_eq!(rotting.backing.read("f").unwrap(), [0xAA; 2 << 20]);
}
