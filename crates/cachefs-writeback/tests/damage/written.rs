use std::path::{Path, PathBuf};

use cachefs_testkit::SplitMix64;
use cachefs_vfs::{Access, FileKind, OpenHow, Privileges, Vfs, VfsExt};
use cachefs_writeback::{Loss, Replayed, WriteBack};

use crate::world::World;

/// Bytes that are written and lost together.
pub(crate) const BLOCK: usize = 512;

const BLOCKS: usize = 8;

/// Every block that was ever in a file says which file and which write it is of, so that what was made up shows.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) world: World,
    /// Of each file and block, the last write.
    last: Vec<[u32; BLOCKS]>,
    /// Writes that the journal has, not those in the backing from before.
    in_journal: u32,
}

fn block(file: usize, at: u64, write: u32) -> Vec<u8> {
    let label = [u8::try_from(file).unwrap() + 1, u8::try_from(at).unwrap() + 1, 0xA5, 0x5A];
    let mut bytes = Vec::with_capacity(BLOCK);
    while bytes.len() < BLOCK {
        bytes.extend(label);
        bytes.extend(write.to_le_bytes());
    }
    bytes
}

fn name(file: usize) -> String {
    format!("f{file}")
}

impl Written {
    /// `files` files that the backing has, and `writes` writes to them that only the journal has; killed.
    pub(crate) fn new(seed: u64, files: usize, writes: u32) -> Self {
        let world = World::new();
        let mut last = Vec::new();
        for file in 0..files {
            let bytes: Vec<u8> = (0..BLOCKS).flat_map(|at| block(file, at as u64, 0)).collect();
            world.backing.write(name(file), &bytes).unwrap();
            last.push([0; BLOCKS]);
        }
        let fs = world.open_quietly();
        let mut rng = SplitMix64::new(seed);
        for write in 1..=writes {
            let file = usize::try_from(rng.below(files as u64)).unwrap();
            let at = rng.below(BLOCKS as u64);
            let handle = fs.open(name(file), OpenHow::new(Access::ReadWrite)).unwrap();
            let data = block(file, at, write);
            assert_eq!(handle.write_at(&data, at * BLOCK as u64, Privileges::Keep).unwrap(), BLOCK);
            last[file][usize::try_from(at).unwrap()] = write;
        }
        Self { world: world.kill(), last, in_journal: writes }
    }

    /// Changes the bytes of a segment.
    pub(crate) fn spoil(&self, segment: &Path, how: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = self.world.state.read(segment).unwrap();
        how(&mut bytes);
        self.world.state.write(segment, &bytes).unwrap();
    }

    /// Opens what is left and looks at every block of every file, also of those beside others: each is one that was
    /// written there. Answers how many are not the last one in their file, nor in what lies beside it.
    pub(crate) fn missing(&self, what: &str) -> (usize, Replayed) {
        let (fs, replayed) = self.world.open();
        let mut missing = 0;
        for (file, last) in self.last.iter().enumerate() {
            let candidates = self.candidates(&fs, file, what);
            for (at, write) in last.iter().enumerate() {
                missing += usize::from(!candidates.iter().any(|blocks| blocks.get(at) == Some(write)));
            }
        }
        crate::world::flush(&fs);
        for file in 0..self.last.len() {
            self.candidates(&*self.world.backing, file, what);
        }
        (missing, replayed)
    }

    /// The writes that each block is of: of the file itself, and of what lies beside it or has lost its name.
    fn candidates(&self, fs: &dyn Vfs, file: usize, what: &str) -> Vec<Vec<u32>> {
        let mut all = Vec::new();
        for path in files(fs) {
            let bytes = fs.read(&path).unwrap();
            assert_eq!(bytes.len() % BLOCK, 0, "{what}: {} has a torn end", path.display());
            let own = path.as_os_str() == name(file).as_str();
            let named = path.to_string_lossy().starts_with(&format!("{}.", name(file)));
            let nameless = path.to_string_lossy().starts_with("cachefs-lost");
            if own || named || nameless {
                all.push(self.blocks(&bytes, file, what, &path));
            }
        }
        all
    }

    fn blocks(&self, bytes: &[u8], file: usize, what: &str, path: &Path) -> Vec<u32> {
        let number = |(at, bytes): (usize, &[u8])| {
            let write = u32::from_le_bytes(bytes[4..8].try_into().unwrap());
            let holds = |file| bytes == block(file, at as u64, write) && write <= self.in_journal;
            if holds(file) {
                return write;
            }
            let empty = bytes.iter().all(|byte| *byte == 0);
            let others = (0..self.last.len()).any(holds);
            let path = path.to_string_lossy();
            assert!(
                path.contains("cachefs-") && (empty || others),
                "{what}: block {at} of {path} is made up"
            );
            u32::MAX
        };
        bytes.chunks(BLOCK).enumerate().map(number).collect()
    }
}

fn files(fs: &dyn Vfs) -> Vec<PathBuf> {
    let entries = fs.walk("").unwrap().map(Result::unwrap);
    entries.filter(|entry| entry.kind == FileKind::Regular).map(|entry| entry.path).collect()
}

/// Bytes that are named as lost, and records.
pub(crate) fn told(replayed: &Replayed) -> (u64, u64) {
    replayed.damaged.iter().fold((0, 0), |(bytes, records), loss| match loss {
        Loss::Bytes { bytes: lost, path, .. } => {
            assert!(path.is_some(), "{loss}");
            (bytes + lost, records)
        }
        Loss::Records { count, .. } => (bytes, records + count),
    })
}

/// What the segments of the journal are called, in their order.
pub(crate) fn segments(world: &World) -> Vec<PathBuf> {
    let names = world.state.list("").unwrap().into_iter().map(|(name, _)| PathBuf::from(name));
    names.filter(|name| name.extension().is_some_and(|ending| ending == "journal")).collect()
}

/// Opens a world without looking at anything.
pub(crate) fn reopen(world: &World) -> (WriteBack, Replayed) {
    world.open()
}
