//! Not one wrong byte: threads read, write, append, cut, copy, rename, replace, remove and evict at the same time in a
//! cache with hardly any room, and every byte that is read says itself which file it is of and how new it is.
//!
//! Runs for `CACHEFS_SOAK_SECONDS`, 10 if not set.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod truth;

#[path = "../support/mod.rs"]
mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cachefs::{CacheBuilder, CacheFs, Coherence, PolicyKind, WriteMode};
use cachefs_testkit::{OutsideFs, SplitMix64};
use cachefs_vfs::{
    Access, Errno, Error, LocalFs, MemFs, OpenHow, Privileges, RenameHow, VFile, Vfs, VfsExt, WatchMethod,
};
use parking_lot::RwLock;

use support::outside::watching;
use support::{name, wait_until};
use truth::{CELL, CELLS, Truth, write_cells};

const THREADS: u64 = 8;
const FILES: u64 = 12;

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
        self.run_for(whole_time());
    }

    fn run_for(&self, time: Duration) {
        let end = Instant::now() + time;
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

fn whole_time() -> Duration {
    let seconds = std::env::var("CACHEFS_SOAK_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(10))
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

#[test]
fn watched() {
    let backing = OutsideFs::new(Arc::new(MemFs::new()));
    Arena::new(Arc::new(backing), true, |cache| cache.coherence(watching(WatchMethod::Filesystem))).run();
}

/// All that we do ourselves is told of, too, some time later.
#[test]
fn watched_by_name() {
    let backing = OutsideFs::new(Arc::new(MemFs::new()));
    Arena::new(Arc::new(backing), true, |cache| cache.coherence(watching(WatchMethod::Inotify))).run();
}

#[test]
fn close_to_open() {
    Arena::new(Arc::new(MemFs::new()), true, |cache| cache.coherence(Coherence::Open)).run();
}

#[test]
fn alone() {
    Arena::new(Arc::new(MemFs::new()), true, |cache| cache.coherence(Coherence::Single)).run();
}

/// Each for a tenth of the time.
#[test]
fn by_every_policy() {
    for kind in PolicyKind::ALL {
        Arena::new(Arc::new(MemFs::new()), true, |cache| cache.policy(kind)).run_for(whole_time() / 10);
    }
}
