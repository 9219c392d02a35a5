//! Dirty bytes, journal and memory stay within their limits, however fast programs write and wherever a disk is full.
//!
//! The tests take turns: each measures the machine they share.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail where it stands, and says what it saw"
)]

mod acceptance;
mod back;
mod disks;
mod limit;
mod site;

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use acceptance::memory;
use back::{Faulty, foreground, mount, pattern, state, told};
use cachefs::CacheFs;
use cachefs_fuse::{Mount, MountConfig};
use cachefs_testkit::CountFs;
use cachefs_vfs::clock::SystemClock;
use cachefs_vfs::{LocalFs, MemFs, Vfs};
use cachefs_writeback::{Config, Setup, WriteBack};
use disks::SmallDisk;
use limit::{disk_usage, watched, write_in_steps};
use rustix::mount::{UnmountFlags, unmount};
use rustix::process::Signal;
use site::{Daemon, Site, is_root};

const MIB: usize = 1 << 20;
/// What the daemon needs besides the memory it is given for contents: code, threads, buffers for requests and flushes.
const OVERHEAD: u64 = 48 << 20;
/// The longest that one write may take while the source takes 100 MB/s: 1 s, on a machine that has time for it.
const LONGEST_WRITE: Duration = Duration::from_secs(3);

fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Peers' failure h: the cache outgrows its limit, and fills the disk.
#[test]
fn limits_hold_under_a_writer_faster_than_the_source() {
    let _turn = turn();
    let faulty = Faulty::new(16 << 20);
    let site = &faulty.site;
    let arguments = ["--dirty-max", "8M", "--memory", "16M", "--flush-after", "100ms"];
    let mut daemon: Daemon = foreground(site, &arguments);
    let (longest, most) = watched(site, || {
        let write = |file: u8| {
            write_in_steps(&site.mountpoint().join(file.to_string()), &pattern(4 * MIB, file), 64 << 10)
        };
        (0..16).map(write).max()
    });
    let used = memory(u32::try_from(daemon.pid().as_raw_nonzero().get()).unwrap());
    println!("64 MiB into 16 MiB/s: {most:?}, memory {} MiB, longest write {longest:?}", used.peak >> 20);
    assert!(most.dirty > 4 << 20, "the writer was faster");
    assert!(used.peak <= (16 << 20) + OVERHEAD, "{} MiB", used.peak >> 20);
    assert_eq!(told("umount", &[&site.mountpoint()]).0, 0);
    assert_eq!(daemon.exit_code(), Some(0));
    for file in 0..16 {
        assert!(fs::read(faulty.beneath(&file.to_string())).unwrap() == pattern(4 * MIB, file), "{file}");
    }
}

/// The same bytes again and again are not many dirty bytes, but much journal.
#[test]
fn the_journal_stays_small_where_the_same_bytes_are_written_over() {
    let _turn = turn();
    let site = Site::with_file("f", &pattern(MIB, 0));
    let daemon = mount(&site, &["--dirty-max", "8M"]);
    let (longest, most) = watched(&site, || {
        let rounds = (0..200_u8).map(|round| {
            let file = File::options().write(true).open(site.mountpoint().join("f")).unwrap();
            let start = Instant::now();
            file.write_all_at(&pattern(MIB, round), 0).unwrap();
            start.elapsed()
        });
        rounds.max()
    });
    println!("1 MiB written over 200 times: {most:?}, longest write {longest:?}, {:?}", daemon.pid());
    assert_eq!(told("umount", &[&site.mountpoint()]).0, 0);
    assert!(fs::read(site.source().join("f")).unwrap() == pattern(MIB, 199));
    assert!(disk_usage(&state(&site)) <= 16 << 20, "what is flushed leaves the journal");
}

#[test]
fn writers_are_slowed_smoothly() {
    let _turn = turn();
    let faulty = Faulty::new(100_000_000);
    let site = &faulty.site;
    let _daemon = mount(site, &["--dirty-max", "64M", "--flush-after", "100ms"]);
    let bytes = pattern(512 * MIB, 1);
    let start = Instant::now();
    let (longest, most) = watched(site, || write_in_steps(&site.mountpoint().join("f"), &bytes, 1 << 20));
    let (_, status) = told("status", &[&site.mountpoint()]);
    let slowed = status["write_back"]["throttled_seconds"].as_f64().unwrap();
    println!(
        "512 MiB into 100 MB/s: {:?}, longest write {longest:?}, slowed {slowed} s, {most:?}",
        start.elapsed()
    );
    assert!(slowed > 0.0, "{status}");
    assert!(longest <= LONGEST_WRITE, "{longest:?}");
    assert_eq!(told("umount", &[&site.mountpoint()]).0, 0);
    assert!(fs::read(faulty.beneath("f")).unwrap() == bytes);
}

/// What was written is on the mount, and in the source once it is unmounted.
fn check(site: &Site, files: impl Iterator<Item = u8> + Clone) {
    for file in files.clone() {
        let found = fs::read(site.mountpoint().join(file.to_string())).unwrap();
        assert!(found == pattern(4 * MIB, file), "{file} on the mount");
    }
    assert_eq!(told("umount", &[&site.mountpoint()]).0, 0);
    for file in files {
        let found = fs::read(site.source().join(file.to_string())).unwrap();
        assert!(found == pattern(4 * MIB, file), "{file} in the source");
    }
}

/// Peers' failure h, where the disk of the journal is full before its limit is reached.
#[test]
fn a_state_disk_that_is_too_small_leaves_the_mount_serving() {
    let _turn = turn();
    if !is_root() {
        return;
    }
    let site = Site::new();
    let _disk = SmallDisk::on(&state(&site), 24 << 20);
    let mut daemon = foreground(&site, &["--dirty-max", "64M"]);
    let write =
        |file: u8| fs::write(site.mountpoint().join(file.to_string()), pattern(4 * MIB, file)).unwrap();
    let start = Instant::now();
    (0..10).for_each(write);
    println!("40 MiB with 24 MiB for the journal: {:?}", start.elapsed());
    // What was acknowledged is not lost with the daemon either.
    daemon.signal(Signal::KILL);
    daemon.exit_code();
    unmount(site.mountpoint(), UnmountFlags::DETACH).unwrap();
    let _next = mount(&site, &["--dirty-max", "64M"]);
    write(10);
    check(&site, 0..11);
}

/// The same where others fill it, while bytes are dirty.
#[test]
fn a_state_disk_that_others_fill_leaves_the_mount_serving() {
    let _turn = turn();
    if !is_root() {
        return;
    }
    let site = Site::new();
    let disk = SmallDisk::on(&state(&site), 24 << 20);
    let _daemon = mount(&site, &["--dirty-max", "64M"]);
    let write =
        |file: u8| fs::write(site.mountpoint().join(file.to_string()), pattern(4 * MIB, file)).unwrap();
    write(0);
    disk.fill();
    let start = Instant::now();
    (1..6).for_each(write);
    let last = File::options().write(true).open(site.mountpoint().join("5")).unwrap();
    last.sync_all().unwrap();
    drop(last);
    println!("20 MiB with a full disk for the journal: {:?}", start.elapsed());
    check(&site, 0..6);
}

/// Ten bytes in the midst of a file that nobody read cost ten bytes, and not the file.
#[test]
fn an_overwrite_in_a_huge_file_moves_hardly_any_bytes() {
    const LENGTH: u64 = 1 << 30;
    const MOST: u64 = 64 << 10;
    let _turn = turn();
    let site = Site::new();
    File::create(site.source().join("huge")).unwrap().set_len(LENGTH).unwrap();
    let counts = Arc::new(CountFs::new(Arc::new(LocalFs::open(site.source()).unwrap())));
    let config = Config { flushers: 0, ..Config::default() };
    let setup = Setup { config, source: [1; 32], boot: [2; 16], clock: Arc::new(SystemClock) };
    let journal = MemFs::new().root().unwrap();
    let (write_back, _) = WriteBack::open(Arc::clone(&counts) as Arc<dyn Vfs>, journal, setup).unwrap();
    let write_back = Arc::new(write_back);
    let cache = CacheFs::builder(Arc::clone(&write_back) as Arc<dyn Vfs>).build().unwrap();
    let mounted = Mount::start(Arc::new(cache), &site.mountpoint(), MountConfig::default()).unwrap();
    let file = File::options().read(true).write(true).open(site.mountpoint().join("huge")).unwrap();
    file.write_all_at(b"ten bytes!", LENGTH / 2 + 12_345).unwrap();
    assert_eq!(counts.snapshot().bytes_written, 0, "it is dirty");
    assert!(write_back.flush_all(None, &mut |_| ()).remaining.is_empty());
    let moved = counts.snapshot();
    println!("10 bytes in 1 GiB: {} read, {} written", moved.bytes_read, moved.bytes_written);
    assert!(moved.bytes_read <= MOST && (10..=MOST).contains(&moved.bytes_written), "{moved:?}");
    for place in [site.mountpoint(), site.source()] {
        let mut found = [0; 12];
        File::open(place.join("huge")).unwrap().read_exact_at(&mut found, LENGTH / 2 + 12_344).unwrap();
        assert_eq!(&found, b"\0ten bytes!\0");
    }
    drop((file, mounted));
    assert_eq!(fs::metadata(site.source().join("huge")).unwrap().len(), LENGTH);
}
