//! Memory, descriptors and time stay within what is promised, whatever is asked of the mount.
//!
//! The tests take turns: each measures the machine they share.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod acceptance;

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use acceptance::{Mounted, descriptors, free_address, memory, metric};
use tempfile::TempDir;

const MIB: u64 = 1 << 20;
/// What the daemon needs besides the memory it is given for contents: code, threads and buffers for requests.
const OVERHEAD: u64 = 40 * MIB;
/// What a known inode may cost, its name included (at most 32 bytes here).
const BYTES_PER_INODE: u64 = 232;

fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A scratch directory in memory, where there is one: many small files are quick there.
fn scratch() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

#[test]
fn memory_stays_below_its_limit_however_much_is_read() {
    const MEMORY: u64 = 64 * MIB;
    const TOTAL: u64 = 2048 * MIB;
    let _turn = turn();
    let mounted = Mounted::fresh(&["--memory", "64M"]);
    // A hole reads as any other bytes through the cache, and needs no 2 GiB of disk.
    File::create(mounted.source().join("big")).unwrap().set_len(TOTAL).unwrap();
    let mut file = File::open(mounted.path().join("big")).unwrap();
    let (mut buffer, mut read) = (vec![0; 1 << 20], 0);
    loop {
        let count = file.read(&mut buffer).unwrap();
        if count == 0 {
            break;
        }
        read += count as u64;
    }
    assert_eq!(read, TOTAL);
    for at in (0..2000).map(|step| step * 7_919 * 131_072 % TOTAL) {
        file.read_at(&mut buffer[..4096], at).unwrap();
    }
    drop(file);
    let memory = memory(mounted.pid());
    println!("2 GiB read with --memory 64M: {} MiB at most", memory.peak / MIB);
    assert!(memory.peak <= MEMORY + OVERHEAD, "{} MiB", memory.peak / MIB);
    mounted.unmount();
}

#[test]
fn creating_leaves_descriptors_and_memory_flat() {
    /// The first ones fill the caches to their limits.
    const WARM_UP: usize = 3;
    const ROUNDS: usize = WARM_UP + 10;
    const FILES: usize = 10_000;
    let _turn = turn();
    let mounted = Mounted::within(scratch(), &["--handles-max", "512", "--metadata-entries", "4096"]);
    let round = |number: usize| {
        let directory = mounted.path().join(format!("round-{number}"));
        fs::create_dir(&directory).unwrap();
        for file in 0..FILES {
            fs::write(directory.join(file.to_string()), b"few bytes").unwrap();
        }
        fs::remove_dir_all(&directory).unwrap();
        (memory(mounted.pid()).resident, descriptors(mounted.pid()))
    };
    let rounds: Vec<(u64, usize)> = (0..ROUNDS).map(round).collect();
    let first = rounds[WARM_UP - 1].0;
    let grown = rounds.iter().map(|(memory, _)| memory.saturating_sub(first)).max().unwrap();
    let most_descriptors = rounds.iter().map(|(_, descriptors)| *descriptors).max().unwrap();
    println!("{ROUNDS} x {FILES} creates: {} KiB more than after the first few", grown >> 10);
    println!("descriptors: {most_descriptors} at most");
    assert!(grown <= 4 * MIB, "{} KiB more than after the first few rounds", grown >> 10);
    // Two kinds of caches keep handles: the mount's and the engine's, each within its own limit.
    assert!(most_descriptors <= 2 * 1024 + 64, "{most_descriptors} descriptors");
    mounted.unmount();
}

#[test]
fn a_million_inodes_cost_what_is_stated() {
    const DIRECTORIES: u64 = 1000;
    const FILES: u64 = 1000;
    let _turn = turn();
    let source = scratch();
    for directory in 0..DIRECTORIES {
        let path = source.path().join(format!("d{directory}"));
        fs::create_dir(&path).unwrap();
        for file in 0..FILES {
            File::create(path.join(format!("file-{file}"))).unwrap();
        }
    }
    // The engine's metadata has a limit of its own, tested with it; the mount's inodes have none here.
    let metrics = free_address();
    let flags = ["--metadata-entries", "1000", "--inodes-max", "off", "--metrics", &metrics.to_string()];
    let mounted = Mounted::over(source.path(), &flags);
    let listed = |path: &Path| -> u64 {
        let entries = fs::read_dir(path).unwrap().map(Result::unwrap);
        entries.map(|entry| u64::from(entry.metadata().unwrap().len() == 0)).sum()
    };
    // What the first directories take besides inodes is no longer new afterwards.
    listed(&mounted.path().join("d0"));
    let before = memory(mounted.pid()).resident;
    let (mut found, mut known) = (0, 0);
    for number in 0..DIRECTORIES {
        found += listed(&mounted.path().join(format!("d{number}")));
        // The most at any time: the kernel may forget some when others need its memory.
        known = known.max(metric(metrics, "cachefs_fuse_inodes"));
    }
    assert_eq!(found, DIRECTORIES * FILES);
    let grown = memory(mounted.pid()).resident.saturating_sub(before);
    assert!(known >= found / 10, "too few to judge by: {known} known of {found}");
    let bytes = grown / known;
    println!("{known} inodes: {bytes} bytes each, {} descriptors", descriptors(mounted.pid()));
    assert!(bytes <= BYTES_PER_INODE, "{bytes} bytes per inode");
    mounted.unmount();
}

#[test]
fn listing_takes_time_in_proportion_also_while_entries_are_deleted() {
    const FEW: usize = 20_000;
    const MANY: usize = 200_000;
    let _turn = turn();
    let source = scratch();
    for (name, files) in [("few", FEW), ("many", MANY)] {
        let path = source.path().join(name);
        fs::create_dir(&path).unwrap();
        for file in 0..files {
            File::create(path.join(format!("file-{file}"))).unwrap();
        }
    }
    let mounted = Mounted::over(source.path(), &[]);
    let listing = |name: &str, files: usize, delete: bool| {
        let start = Instant::now();
        let names = list(&mounted.path().join(name), delete);
        assert_eq!(names.len(), files, "each entry once");
        start.elapsed()
    };
    let bound = |few: Duration| few * u32::try_from(MANY / FEW).unwrap() * 3;
    let (few, many) = (listing("few", FEW, false), listing("many", MANY, false));
    println!("listing: {FEW} in {few:?}, {MANY} in {many:?}");
    assert!(many <= bound(few), "{FEW} entries in {few:?}, {MANY} in {many:?}");
    let (few, many) = (listing("few", FEW, true), listing("many", MANY, true));
    println!("listing and deleting: {FEW} in {few:?}, {MANY} in {many:?}");
    assert!(many <= bound(few), "deleting: {FEW} entries in {few:?}, {MANY} in {many:?}");
    for name in ["few", "many"] {
        assert_eq!(fs::read_dir(source.path().join(name)).unwrap().count(), 0, "all deleted");
    }
    mounted.unmount();
}

/// The names in a directory, each deleted as soon as it is seen, if so wished.
fn list(path: &Path, delete: bool) -> HashSet<std::ffi::OsString> {
    let mut names = HashSet::new();
    for entry in fs::read_dir(path).unwrap() {
        let entry = entry.unwrap();
        if delete {
            fs::remove_file(entry.path()).unwrap();
        }
        assert!(names.insert(entry.file_name()), "{:?} was listed twice", entry.file_name());
    }
    names
}
