//! Directories change places under the feet of those who work in them: what succeeds on the native directory succeeds
//! on the mount, and no byte lands in the wrong file.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod acceptance;

use std::fs;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use acceptance::{Mounted, setting};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, RenameFlags, openat, renameat_with, statat, unlinkat};
use rustix::io::{pread, pwrite};

/// Two directories on each of three levels: eight at the bottom.
const NAMES: [&str; 2] = ["a", "b"];
const WORKERS: u64 = 4;
const EXCHANGERS: u64 = 4;
const RECORD: usize = 64;

#[test]
fn work_goes_on_while_ancestors_are_exchanged() {
    let native = tempfile::tempdir().unwrap();
    let baseline = storm(native.path(), Duration::from_secs(1));
    assert!(baseline.worked > 0 && baseline.exchanged > 0);

    let mounted = Mounted::fresh(&[]);
    let tally = storm(mounted.path(), Duration::from_secs(setting("CACHEFS_SOAK_SECONDS", 10)));
    println!("native, 1 s: {baseline:?}; mounted: {tally:?}");
    assert!(tally.exchanged > 100 && tally.worked > 1000, "hardly a storm: {tally:?}");
    check_leaves(mounted.path());
    check_leaves(mounted.source());
    mounted.unmount();
}

#[derive(Debug)]
struct Tally {
    exchanged: u64,
    worked: u64,
}

/// Runs the storm below `root`; panics at the first call that fails.
fn storm(root: &Path, duration: Duration) -> Tally {
    let leaves = make_leaves(root);
    let anchors: Vec<OwnedFd> = leaves.iter().map(|leaf| open_dir(leaf)).collect();
    let (stop, exchanged, worked) = (StopOnPanic::default(), AtomicU64::new(0), AtomicU64::new(0));
    let deadline = Instant::now() + duration;
    std::thread::scope(|scope| {
        for number in 0..EXCHANGERS {
            let (stop, exchanged) = (&stop, &exchanged);
            scope.spawn(move || {
                let _guard = stop.guard();
                let mut random = Random(number + 1);
                while !stop.is_set(deadline) {
                    exchange(root, &mut random);
                    exchanged.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for worker in 0..WORKERS {
            let (stop, worked, anchors) = (&stop, &worked, &anchors);
            scope.spawn(move || {
                let _guard = stop.guard();
                let mut random = Random(worker + 100);
                for round in 1.. {
                    if stop.is_set(deadline) {
                        break;
                    }
                    let leaf = random.below(anchors.len());
                    work(&anchors[leaf], leaf, worker, round);
                    worked.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    Tally { exchanged: exchanged.into_inner(), worked: worked.into_inner() }
}

/// Exchanges two directories of a random level, wherever they are by now.
fn exchange(root: &Path, random: &mut Random) {
    let level = 1 + random.below(3);
    let mut path = |last: &str| {
        let mut path = root.to_path_buf();
        path.extend((1..level).map(|_| NAMES[random.below(2)]));
        path.join(last)
    };
    let (one, other) = (path("a"), path("b"));
    renameat_with(CWD, &one, CWD, &other, RenameFlags::EXCHANGE)
        .unwrap_or_else(|error| panic!("exchanging {} and {}: {error}", one.display(), other.display()));
}

/// One round of work in a directory known only by its descriptor.
fn work(anchor: &OwnedFd, leaf: usize, worker: u64, round: u64) {
    let context = |what: &str| format!("{what} in leaf {leaf} by worker {worker}, round {round}");
    let stat = statat(anchor, "known", AtFlags::SYMLINK_NOFOLLOW);
    let stat = stat.unwrap_or_else(|error| panic!("{}: {error}", context("stat")));
    assert_eq!(stat.st_size, i64::try_from(RECORD).unwrap(), "{}", context("size"));
    assert_eq!(read(anchor, "known", &context("read")), record(leaf, 0, 0), "{}", context("known bytes"));

    let own = format!("own-{worker}");
    let flags = OFlags::WRONLY | OFlags::CREATE;
    let file = open(anchor, &own, flags, &context("open for writing"));
    let bytes = record(leaf, worker, round);
    let written = pwrite(&file, &bytes, 0).unwrap_or_else(|error| panic!("{}: {error}", context("write")));
    assert_eq!(written, RECORD);
    drop(file);
    assert_eq!(read(anchor, &own, &context("read back")), bytes, "{}", context("own bytes"));
    if round.is_multiple_of(8) {
        let temporary = format!("temporary-{worker}");
        drop(open(anchor, &temporary, flags | OFlags::EXCL, &context("create")));
        unlinkat(anchor, &temporary, AtFlags::empty())
            .unwrap_or_else(|error| panic!("{}: {error}", context("unlink")));
    }
}

fn open(anchor: &OwnedFd, name: &str, flags: OFlags, context: &str) -> OwnedFd {
    openat(anchor, name, flags | OFlags::CLOEXEC, Mode::from_raw_mode(0o644))
        .unwrap_or_else(|error| panic!("{context} of {name}: {error}"))
}

fn read(anchor: &OwnedFd, name: &str, context: &str) -> Vec<u8> {
    let file = open(anchor, name, OFlags::RDONLY, context);
    let mut buffer = vec![0; RECORD + 1];
    let count = pread(&file, &mut buffer, 0).unwrap_or_else(|error| panic!("{context}: {error}"));
    buffer.truncate(count);
    buffer
}

fn record(leaf: usize, worker: u64, round: u64) -> Vec<u8> {
    format!("{:<width$}", format!("leaf {leaf} worker {worker} round {round}"), width = RECORD).into_bytes()
}

/// Makes the tree and answers the directories at its bottom, by number.
fn make_leaves(root: &Path) -> Vec<PathBuf> {
    let mut leaves = vec![root.to_path_buf()];
    for _ in 0..3 {
        leaves = leaves.iter().flat_map(|parent| NAMES.map(|name| parent.join(name))).collect();
    }
    for (number, leaf) in leaves.iter().enumerate() {
        fs::create_dir_all(leaf).unwrap();
        fs::write(leaf.join("known"), record(number, 0, 0)).unwrap();
    }
    leaves
}

/// After the storm every leaf holds files that name it and no other.
fn check_leaves(root: &Path) {
    let mut seen = Vec::new();
    for one in NAMES {
        for two in NAMES {
            for three in NAMES {
                let leaf = root.join(one).join(two).join(three);
                let text = fs::read_to_string(leaf.join("known")).unwrap();
                let number = text.split(' ').nth(1).unwrap().to_owned();
                for entry in fs::read_dir(&leaf).unwrap() {
                    let path = entry.unwrap().path();
                    let text = fs::read_to_string(&path).unwrap();
                    assert!(text.starts_with(&format!("leaf {number} ")), "{}: {text}", path.display());
                }
                seen.push(number);
            }
        }
    }
    seen.sort();
    assert_eq!(seen, (0..8).map(|number| number.to_string()).collect::<Vec<_>>());
}

fn open_dir(path: &Path) -> OwnedFd {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    openat(CWD, path, flags, Mode::empty()).unwrap()
}

/// Ends all threads when one of them panics.
#[derive(Debug, Default)]
struct StopOnPanic(AtomicBool);

impl StopOnPanic {
    fn is_set(&self, deadline: Instant) -> bool {
        self.0.load(Ordering::Relaxed) || Instant::now() >= deadline
    }

    fn guard(&self) -> impl Drop + '_ {
        struct Guard<'a>(&'a AtomicBool);
        impl Drop for Guard<'_> {
            fn drop(&mut self) {
                self.0.fetch_or(std::thread::panicking(), Ordering::Relaxed);
            }
        }
        Guard(&self.0)
    }
}

/// A small generator of random numbers (xorshift), the same for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}
