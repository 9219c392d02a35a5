//! Bytes that move in the journal while somebody waits for them.

use std::sync::Arc;

use cachefs_vfs::clock::ManualClock;
use cachefs_vfs::{Access, CreateHow, MemFs, Mode, Name, OpenHow, Owner, SyncHow, Vfs, VfsExt};
use cachefs_writeback::{Config, Durability, Setup, WriteBack};

use super::bench::{config, write};

const MIB: usize = 1 << 20;
/// More than a flush takes at once, twice.
const BLOCKS: usize = 129;

#[test]
fn a_sync_waits_for_bytes_that_would_be_moved_forward_meanwhile() {
    // The bytes are spread over the segments in several ways.
    for overwritten in 300..305 {
        let config = Config {
            durability: Durability::Backing,
            segment_size: (5 * MIB + MIB / 2) as u64,
            journal_max: 800 << 20,
            dirty_max: 1 << 30,
            ..config()
        };
        let backing = Arc::new(MemFs::new());
        let setup = Setup { config, source: [1; 32], boot: [2; 16], clock: Arc::new(ManualClock::new()) };
        let journal = MemFs::new().root().unwrap();
        let (fs, _) = WriteBack::open(Arc::clone(&backing) as _, journal, setup).unwrap();
        let open = OpenHow::new(Access::ReadWrite);
        let how = CreateHow { open, mode: Mode::new(0o640), exclusive: false };
        let name = Name::new("f").unwrap();
        let file = fs.root().unwrap().create(name, how, &Owner::process()).unwrap().handle;
        for _ in 0..overwritten {
            write(&*file, &vec![255; MIB], 0);
        }
        for block in 0..BLOCKS {
            write(&*file, &vec![u8::try_from(block).unwrap() + 1; MIB], (block * MIB) as u64);
        }
        file.sync(SyncHow::All).unwrap();
        let there = backing.read("f").unwrap();
        let is_there = |block: &usize| there.get(block * MIB).copied() == u8::try_from(block + 1).ok();
        let missing: Vec<_> = (0..BLOCKS).filter(|block| !is_there(block)).collect();
        assert!(missing.is_empty(), "after {overwritten} writes the backing lacks {missing:?}");
        assert_eq!(fs.status().dirty_bytes, 0);
    }
}
