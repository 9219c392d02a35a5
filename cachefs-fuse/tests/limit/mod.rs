//! The limits of a write-back, looked at while a program writes as fast as it can.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::back::{state, told};
use crate::site::Site;

/// The most there was of anything, seen by looking again and again.
#[derive(Debug, Default)]
pub(crate) struct Most {
    pub(crate) dirty: u64,
    journal: u64,
    on_disk: u64,
    looks: u64,
}

impl Most {
    fn look(&mut self, site: &Site) {
        let (_, status) = told("status", &[&site.mountpoint()]);
        let of = |key: &str| status["write_back"][key].as_u64().unwrap();
        let on_disk = disk_usage(&state(site));
        assert!(of("dirty_bytes") <= of("dirty_max_bytes"), "{status}");
        assert!(of("journal_bytes").max(on_disk) <= of("journal_max_bytes"), "{on_disk} bytes, {status}");
        self.dirty = self.dirty.max(of("dirty_bytes"));
        self.journal = self.journal.max(of("journal_bytes"));
        self.on_disk = self.on_disk.max(on_disk);
        self.looks += 1;
    }
}

/// Bytes that are allocated beneath a directory. What vanishes meanwhile does not count.
pub(crate) fn disk_usage(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let one = |entry: fs::DirEntry| match entry.metadata() {
        Ok(found) if found.is_dir() => disk_usage(&entry.path()),
        Ok(found) => found.blocks() * 512,
        Err(_) => 0,
    };
    entries.map(one).sum()
}

/// Looks at the limits while `write` runs.
pub(crate) fn watched<T: Send>(site: &Site, write: impl FnOnce() -> T + Send) -> (T, Most) {
    let (over, mut most) = (AtomicBool::new(false), Most::default());
    let written = thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let _end = SetOnDrop(&over);
            write()
        });
        while !over.load(Ordering::SeqCst) {
            most.look(site);
        }
        writer.join().unwrap()
    });
    (written, most)
}

/// Ends those who look, also if the writer fails.
struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Writes a file in steps; the longest that one took.
pub(crate) fn write_in_steps(path: &Path, bytes: &[u8], step: usize) -> Duration {
    let file = File::create(path).unwrap();
    let mut longest = Duration::ZERO;
    for (at, part) in bytes.chunks(step).enumerate() {
        let start = Instant::now();
        file.write_all_at(part, (at * step) as u64).unwrap();
        longest = longest.max(start.elapsed());
    }
    longest
}
