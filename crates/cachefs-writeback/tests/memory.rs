//! Writes of a few bytes, much faster than the backing takes them, do not fill the memory. One test in a process of its
//! own: it measures that.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail where it stands, and says what it saw"
)]

use std::fs;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use cachefs_testkit::SlowFs;
use cachefs_vfs::clock::SystemClock;
use cachefs_vfs::{
    Access, CreateHow, LocalFs, MemFs, Mode, Name, OpenHow, Owner, Privileges, VFile, Vfs, VfsExt,
};
use cachefs_writeback::{Config, Setup, WriteBack};

const MEMORY_MAX: u64 = 2 << 20;
/// What else a process may take meanwhile: buffers for flushes, the files of the backing.
const BESIDES: u64 = 10 << 20;
const APPENDS: u64 = 150_000;
const SCATTERED: u64 = 12_000;

/// Resident memory, in bytes.
fn resident() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

fn open(fs: &WriteBack, name: &str) -> Arc<dyn VFile> {
    let how = CreateHow { open: OpenHow::new(Access::ReadWrite), mode: Mode::new(0o600), exclusive: true };
    fs.root().unwrap().create(Name::new(name).unwrap(), how, &Owner::process()).unwrap().handle
}

fn line(no: u64) -> String {
    format!("{no:09}\n")
}

/// Does `count` writes, and looks at the limits now and then.
fn written(fs: &WriteBack, count: u64, write: impl Fn(u64)) {
    for no in 0..count {
        write(no);
        if no % 512 == 0 {
            let status = fs.status();
            assert!(status.memory_bytes <= status.memory_max, "{status:?}");
        }
    }
}

#[test]
fn writes_of_few_bytes_do_not_fill_the_memory() {
    let dir = tempfile::tempdir().unwrap();
    let backing: Arc<dyn Vfs> = Arc::new(MemFs::new());
    let slow = SlowFs::new(Arc::clone(&backing)).latency(Duration::from_micros(50));
    let config = Config { memory_max: MEMORY_MAX, flushers: 2, ..Config::default() };
    let setup = Setup { config, source: [1; 32], boot: [2; 16], clock: Arc::new(SystemClock) };
    let journal = LocalFs::open(dir.path()).unwrap();
    let (fs, _) = WriteBack::open(Arc::new(slow), journal.root().unwrap(), setup).unwrap();
    let (log, table) = (open(&fs, "log"), open(&fs, "table"));
    let before = resident();
    thread::scope(|scope| {
        scope.spawn(|| {
            written(&fs, APPENDS, |no| {
                log.append(line(no).as_bytes(), Privileges::Keep).unwrap();
            })
        });
        scope.spawn(|| {
            written(&fs, SCATTERED, |no| {
                // Backwards and apart, so that nothing lies side by side.
                table.write_at(line(no).as_bytes(), (SCATTERED - no) * 64, Privileges::Keep).unwrap();
            })
        });
    });
    let grown = resident().saturating_sub(before);
    println!("grown by {} KiB, {:?}", grown >> 10, fs.status());
    assert!(grown <= MEMORY_MAX + BESIDES, "{} KiB", grown >> 10);
    drop((log, table));
    assert!(fs.flush_all(None, &mut |_| ()).remaining.is_empty());
    let status = fs.status();
    assert_eq!((status.dirty_bytes, status.memory_bytes), (0, 0), "all is given back");
    assert_eq!(backing.read("log").unwrap(), (0..APPENDS).map(line).collect::<String>().into_bytes());
    let table = backing.read("table").unwrap();
    for no in 0..SCATTERED {
        let at = usize::try_from((SCATTERED - no) * 64).unwrap();
        assert_eq!(&table[at..at + 10], line(no).as_bytes());
    }
}
