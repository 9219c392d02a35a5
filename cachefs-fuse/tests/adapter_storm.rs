//! Directories change places under the feet of those who work in them, with far fewer handles than directories and
//! no help from identities: every walk goes by names that are being exchanged.

#[expect(dead_code, reason = "shared by several tests, each of which uses a part")]
mod support;

use std::fs;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cachefs_fuse::MountConfig;
use cachefs_testkit::{CallKind, FaultFs, Rule, SplitMix64};
use cachefs_vfs::LocalFs;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, RenameFlags, open, openat, renameat_with, statat, unlinkat};
use rustix::io::Errno;
use support::{MountGuard, uncached};

const NAMES: [&str; 2] = ["a", "b"];
const LONG: Duration = Duration::from_secs(4);

/// One of the eight directories at the bottom, before anything moved.
fn numbered(number: u64) -> PathBuf {
    (0..3).map(|level| NAMES[usize::from((number >> level) & 1 == 1)]).collect()
}

/// Some directory at this depth.
fn some(random: &mut SplitMix64, depth: usize) -> PathBuf {
    (0..depth).map(|_| NAMES[usize::from(random.next_u64() & 1 == 1)]).collect()
}

fn exchange(guard: &MountGuard, random: &mut SplitMix64) {
    let depth = usize::try_from(random.next_u64() % 3).unwrap_or(0);
    let within = guard.at(some(random, depth));
    renameat_with(CWD, within.join("a"), CWD, within.join("b"), RenameFlags::EXCHANGE)
        .unwrap_or_else(|error| panic!("exchanging in {}: {error}", within.display()));
}

/// Works below a directory that is always there, wherever its name is.
fn work(anchor: &OwnedFd, number: u64, round: u64) {
    let id = statat(anchor, "id", AtFlags::empty()).expect("stat");
    assert_eq!(id.st_size, 8);
    let file = openat(anchor, "id", OFlags::RDONLY, Mode::empty()).expect("open");
    let mut bytes = [0; 8];
    assert_eq!(rustix::io::pread(&file, &mut bytes, 0).expect("read"), 8);
    assert_eq!(u64::from_le_bytes(bytes), number, "the file of another directory");
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL;
    let own = openat(anchor, "own", flags, Mode::from_raw_mode(0o644)).expect("create");
    rustix::io::pwrite(&own, &round.to_le_bytes(), 0).expect("write");
    assert_eq!(rustix::io::pread(&own, &mut bytes, 0).expect("read back"), 8);
    assert_eq!(u64::from_le_bytes(bytes), round);
    drop(own);
    unlinkat(anchor, "own", AtFlags::empty()).expect("unlink");
}

#[test]
fn walks_settle_while_directories_are_exchanged() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("src");
    for number in 0..8 {
        let path = source.join(numbered(number));
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("id"), number.to_le_bytes()).unwrap();
    }
    let faults = FaultFs::new(Arc::new(LocalFs::open(&source).unwrap()));
    faults.add(Rule::on(CallKind::OpenId).fail(Errno::STALE));
    let guard = MountGuard::new(Arc::new(faults), dir, MountConfig { handles_max: 6, ..uncached() });
    let anchors: Vec<(OwnedFd, u64)> = (0..4)
        .map(|number| {
            let flags = OFlags::DIRECTORY | OFlags::RDONLY;
            (open(guard.at(numbered(number)), flags, Mode::empty()).unwrap(), number)
        })
        .collect();
    let until = Instant::now() + LONG;
    let (exchanged, worked) = (AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        let going = || Instant::now() < until;
        for seed in 0..4 {
            let (guard, exchanged) = (&guard, &exchanged);
            scope.spawn(move || {
                let mut random = SplitMix64::new(seed + 10);
                while going() {
                    exchange(guard, &mut random);
                    exchanged.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for (anchor, number) in &anchors {
            let worked = &worked;
            scope.spawn(move || {
                while going() {
                    work(anchor, *number, worked.fetch_add(1, Ordering::Relaxed));
                }
            });
        }
    });
    println!("{exchanged:?} exchanges, {worked:?} rounds of work");
    assert!(exchanged.into_inner() > 50 && worked.into_inner() > 50);
    assert!(guard.mount().requests().handles <= 6);
}
