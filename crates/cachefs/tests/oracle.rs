//! Not one wrong byte: threads read, write, append, cut, copy, rename, replace, remove and evict at the same time in a
//! cache with hardly any room, and every byte that is read says itself which file it is of and how new it is.
//!
//! Runs for `CACHEFS_SOAK_SECONDS`, 10 if not set.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cachefs::{CacheBuilder, CacheFs, WriteMode};
use cachefs_testkit::SplitMix64;
use cachefs_vfs::{Access, Errno, Error, LocalFs, MemFs, OpenHow, Privileges, RenameHow, VFile, Vfs, VfsExt};
use parking_lot::{Mutex, RwLock};

use support::{name, wait_until};

const THREADS: u64 = 8;
const FILES: u64 = 12;
/// Bytes are written and judged in cells: file number, version of the cell, twice, 16 bytes in all.
const CELL: usize = 16;
/// Cells per file: a little more than three blocks.
const CELLS: u64 = 3 * 4096 + 100;

/// What is known to be true of one file, whatever its name is.
struct Truth {
    number: u32,
    /// Held for writing while the file is cut, extended or replaced; how often it was replaced.
    length: RwLock<u32>,
    /// One writer at a time.
    writer: Mutex<()>,
    /// Whether the backing never gives half of a write.
    atomic: bool,
    /// The last version written of each cell before the write began, and after it returned.
    begun: Vec<AtomicU32>,
    done: Vec<AtomicU32>,
}

impl Truth {
    fn new(number: u64, atomic: bool) -> Self {
        let versions = || (0..CELLS).map(|_| AtomicU32::new(1)).collect();
        Self {
            number: u32::try_from(number).unwrap() + 1,
            length: RwLock::new(0),
            writer: Mutex::new(()),
            atomic,
            begun: versions(),
            done: versions(),
        }
    }

    fn cell(&self, version: u32) -> [u8; CELL] {
        let (file, version) = (self.number.to_le_bytes(), version.to_le_bytes());
        let mut cell = [0; CELL];
        for (target, part) in cell.chunks_exact_mut(4).zip([file, version, file, version]) {
            target.copy_from_slice(&part);
        }
        cell
    }

    fn content(&self) -> Vec<u8> {
        (0..CELLS).flat_map(|_| self.cell(1)).collect()
    }

    /// Judges what a read brought that began when these were the done versions.
    fn judge(&self, first: u64, done: &[u32], bytes: &[u8]) {
        for (index, (cell, &done)) in bytes.chunks_exact(CELL).zip(done).enumerate() {
            let number = first + index as u64;
            let part = |at: usize| u32::from_le_bytes(cell[at..at + 4].try_into().unwrap());
            let begun = self.begun[usize::try_from(number).unwrap()].load(Ordering::SeqCst);
            assert_eq!([part(0), part(8)], [self.number; 2], "cell {number}: a byte of another file");
            for version in [part(4), part(12)] {
                assert!((done..=begun).contains(&version), "cell {number}: {version}, not {done}..={begun}");
            }
            assert!(!self.atomic || part(4) == part(12), "cell {number}: torn");
        }
    }
}

struct Arena {
    cache: CacheFs,
    files: Vec<Truth>,
    /// The files by the names they have now: a rename holds it for writing only to note what it did.
    names: Vec<RwLock<usize>>,
    over: AtomicBool,
    reads: AtomicU64,
}

impl Arena {
    fn new(backing: Arc<dyn Vfs>, atomic: bool, set: impl Fn(CacheBuilder) -> CacheBuilder) -> Self {
        let builder = CacheFs::builder(backing).memory(640 << 10).metadata_entries(64).handles_max(4);
        let cache = set(builder.readahead(256 << 10)).build().unwrap();
        let files: Vec<Truth> = (0..FILES).map(|number| Truth::new(number, atomic)).collect();
        cache.create_dir("dir").unwrap();
        for (number, file) in files.iter().enumerate() {
            cache.write(format!("dir/f{number}"), &file.content()).unwrap();
        }
        let names = (0..files.len()).map(RwLock::new).collect();
        Self { cache, files, names, over: AtomicBool::new(false), reads: AtomicU64::new(0) }
    }

    fn run(&self) {
        let seconds =
            std::env::var("CACHEFS_SOAK_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(10);
        let end = Instant::now() + Duration::from_secs(seconds);
        thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS)
                .map(|seed| {
                    scope.spawn(move || {
                        let _stop = Stop(&self.over);
                        let mut dice = SplitMix64::new(seed);
                        while Instant::now() < end && !self.over.load(Ordering::Relaxed) {
                            self.step(&mut dice);
                        }
                    })
                })
                .collect();
            for (number, thread) in threads.into_iter().enumerate() {
                assert!(thread.join().is_ok(), "thread {number} found a fault");
                self.over.store(false, Ordering::Relaxed);
            }
        });
        assert!(self.reads.load(Ordering::Relaxed) > 100, "something must have been judged");
        wait_until("loads ahead let go of their files", || self.cache.usage().handles == 0);
        let usage = self.cache.usage();
        assert!(usage.bytes <= usage.bytes_max, "{usage:?}");
    }

    fn step(&self, dice: &mut SplitMix64) {
        let slot = usize::try_from(dice.below(FILES)).unwrap();
        match dice.below(100) {
            0..60 => self.read(slot, dice),
            60..85 => self.write(slot, dice),
            85..90 => self.cut_and_refill(slot, dice),
            90..95 => self.exchange(slot, dice),
            95..98 => self.replace(slot),
            98 => self.cache.clear(),
            _ => drop(self.cache.invalidate(format!("dir/f{slot}"))),
        }
    }

    /// Opens the file that has a name now; answers which one it is, and which of those that replaced each other.
    fn open(&self, slot: usize, access: Access) -> (&Truth, u32, Arc<dyn VFile>) {
        let name = self.names[slot].read();
        let truth = &self.files[*name];
        let edition = *truth.length.read();
        let file = self.cache.open(format!("dir/f{slot}"), OpenHow::new(access)).unwrap();
        (truth, edition, file)
    }

    fn read(&self, slot: usize, dice: &mut SplitMix64) {
        let (truth, edition, file) = self.open(slot, Access::Read);
        for _ in 0..1 + dice.below(4) {
            let first = dice.below(CELLS);
            let count = 1 + dice.below((CELLS - first).min(6000));
            let length = truth.length.read();
            let range = usize::try_from(first).unwrap()..usize::try_from(first + count).unwrap();
            let mut done: Vec<u32> =
                truth.done[range].iter().map(|done| done.load(Ordering::SeqCst)).collect();
            if *length != edition {
                // It was replaced since: it stays as it was then.
                done.fill(0);
            }
            let mut bytes = vec![0; done.len() * CELL];
            let got = file.read_at(&mut bytes, first * CELL as u64).unwrap();
            assert_eq!(got, bytes.len(), "the file is as long as it was made");
            truth.judge(first, &done, &bytes);
            self.reads.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn write(&self, slot: usize, dice: &mut SplitMix64) {
        let (truth, edition, file) = self.open(slot, Access::ReadWrite);
        let first = dice.below(CELLS);
        let most = dice.pick(&[20, 20, 300, 5000]);
        let count = 1 + dice.below((CELLS - first).min(most));
        let length = truth.length.read();
        let _writer = truth.writer.lock();
        if *length == edition {
            write_cells(truth, &*file, first, count, false);
        }
    }

    /// Cuts the file somewhere and writes the rest anew, by an append or beyond a hole that is filled afterwards.
    fn cut_and_refill(&self, slot: usize, dice: &mut SplitMix64) {
        let (truth, edition, file) = self.open(slot, Access::ReadWrite);
        let length = truth.length.write();
        if *length != edition {
            return;
        }
        let first = dice.below(CELLS);
        file.set_len(first * CELL as u64, Privileges::Keep).unwrap();
        if dice.below(2) == 0 {
            write_cells(truth, &*file, first, CELLS - first, true);
            return;
        }
        let middle = first + (CELLS - first) / 2;
        write_cells(truth, &*file, middle, CELLS - middle, false);
        let mut hole = vec![1; usize::try_from(middle - first).unwrap() * CELL];
        assert_eq!(file.read_at(&mut hole, first * CELL as u64).unwrap(), hole.len());
        assert!(hole.iter().all(|&byte| byte == 0), "a hole reads as zeros");
        write_cells(truth, &*file, first, middle - first, false);
    }

    fn exchange(&self, slot: usize, dice: &mut SplitMix64) {
        let other = (slot + 1 + usize::try_from(dice.below(FILES - 1)).unwrap()) % self.names.len();
        let (mut low, mut high) = (self.names[slot.min(other)].write(), self.names[slot.max(other)].write());
        let dir = self.cache.dir("dir").unwrap();
        let (from, to) = (format!("f{slot}"), format!("f{other}"));
        dir.rename(name(&from), &*dir, name(&to), RenameHow::Exchange).unwrap();
        std::mem::swap(&mut *low, &mut *high);
    }

    /// Replaces a file by a copy of itself, as editors do; who has the old one open goes on reading that.
    fn replace(&self, slot: usize) {
        let number = self.names[slot].write();
        let truth = &self.files[*number];
        let mut length = truth.length.write();
        let path = format!("dir/f{slot}");
        let content = self.cache.read(&path).unwrap();
        let done: Vec<u32> = truth.done.iter().map(|done| done.load(Ordering::SeqCst)).collect();
        truth.judge(0, &done, &content);
        let temporary = format!("dir/temporary{slot}");
        self.cache.write(&temporary, &content).unwrap();
        self.cache.rename(&temporary, &path).unwrap();
        *length += 1;
        assert!(self.cache.read(&path).unwrap() == content);
        assert_eq!(missing(self.cache.stat(&temporary)), Some(Errno::NOENT));
    }
}

/// Writes the next version of these cells.
fn write_cells(truth: &Truth, file: &dyn VFile, first: u64, count: u64, append: bool) {
    let range = usize::try_from(first).unwrap()..usize::try_from(first + count).unwrap();
    let bytes: Vec<u8> = truth.begun[range.clone()]
        .iter()
        .flat_map(|begun| truth.cell(begun.fetch_add(1, Ordering::SeqCst) + 1))
        .collect();
    let written = if append {
        file.append(&bytes, Privileges::Keep)
    } else {
        file.write_at(&bytes, first * CELL as u64, Privileges::Keep)
    };
    assert_eq!(written.unwrap(), bytes.len());
    for (begun, done) in truth.begun[range.clone()].iter().zip(&truth.done[range]) {
        done.store(begun.load(Ordering::SeqCst), Ordering::SeqCst);
    }
}

fn missing<T>(result: Result<T, Error>) -> Option<Errno> {
    result.err().map(|error| error.errno())
}

/// Ends the others when one thread panics.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

#[test]
fn over_mem_fs() {
    Arena::new(Arc::new(MemFs::new()), true, |cache| cache).run();
}

#[test]
fn over_mem_fs_without_lifetimes() {
    Arena::new(Arc::new(MemFs::new()), true, |cache| cache.ttl(Duration::ZERO)).run();
}

#[test]
fn over_mem_fs_around() {
    Arena::new(Arc::new(MemFs::new()), true, |cache| cache.write_mode(WriteMode::Around)).run();
}

#[test]
fn over_local_fs() {
    let dir = tempfile::tempdir().unwrap();
    Arena::new(Arc::new(LocalFs::open(dir.path()).unwrap()), false, |cache| cache).run();
}
