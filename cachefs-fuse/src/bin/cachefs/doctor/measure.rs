use std::fmt;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cachefs_vfs::{LocalFs, VfsExt};
use rustix::fs::{Advice, MemfdFlags, fadvise, memfd_create};
use serde::Serialize;

use crate::exit::Exit;
use crate::stat::time;
use crate::trouble::Trouble;

/// Files that are measured.
const FILES_MAX: usize = 64;
/// Names that are looked at for them.
const NAMES_MAX: usize = 4096;
/// Bytes that are read of each.
const PIECE: usize = 64 << 10;
/// So long all of it may take.
const TIME_MAX: Duration = Duration::from_secs(10);

/// How fast a directory is: medians of opening a file, looking at it and reading its beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(super) struct Measured {
    /// Files that were measured.
    pub(super) files: usize,
    /// After the kernel was asked to forget the file; where it does not, this is as `again`.
    pub(super) cold_seconds: f64,
    /// At once once more.
    pub(super) again_seconds: f64,
    /// The same of a file in memory, of the same length.
    pub(super) memory_seconds: f64,
}

/// Measures some files of the directory, and writes nothing. A directory that hangs hangs whoever asks: this is
/// bounded by file, not within one.
///
/// # Errors
/// If it is no directory or has no file that can be read.
pub(super) fn measure(path: &Path) -> Result<Measured, Trouble> {
    let exit = |error: &cachefs_vfs::Error| if error.is_not_found() { Exit::NotFound } else { Exit::Failed };
    let source = LocalFs::open(path).map_err(|error| Trouble::new(exit(&error), error.to_string()))?;
    let walk = source.walk("").map_err(|error| Trouble::new(exit(&error), error.to_string()))?;
    let began = Instant::now();
    let names = walk.take(NAMES_MAX).filter_map(Result::ok).filter(|entry| entry.kind.is_regular());
    let files: Vec<PathBuf> = names.map(|entry| path.join(entry.path)).take(FILES_MAX).collect();
    let (mut cold, mut again, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    for file in files.iter().take_while(|_| began.elapsed() < TIME_MAX) {
        if let Some(times) = one(file) {
            cold.push(times[0]);
            again.push(times[1]);
            memory.push(times[2]);
        }
    }
    if cold.is_empty() {
        return Err(Trouble::new(
            Exit::NotFound,
            format!("{} has no file that can be read: there is nothing to measure", path.display()),
        ));
    }
    Ok(Measured {
        files: cold.len(),
        cold_seconds: median(cold),
        again_seconds: median(again),
        memory_seconds: median(memory),
    })
}

/// Cold, again, and in memory; `None` if it cannot be read.
fn one(path: &Path) -> Option<[Duration; 3]> {
    let mut piece = vec![0; PIECE];
    let file = File::open(path).ok()?;
    // Where the kernel keeps it, the first time is like the second.
    _ = fadvise(&file, 0, None, Advice::DontNeed);
    drop(file);
    let (cold, length) = timed(path, &mut piece)?;
    let (again, _) = timed(path, &mut piece)?;
    let memory = File::from(memfd_create("cachefs-doctor", MemfdFlags::CLOEXEC).ok()?);
    memory.write_all_at(&piece[..length], 0).ok()?;
    let in_memory = PathBuf::from(format!("/proc/self/fd/{}", memory.as_raw_fd()));
    timed(&in_memory, &mut piece)?;
    let (floor, _) = timed(&in_memory, &mut piece)?;
    Some([cold, again, floor])
}

/// How long it takes to open a file, look at it and read its beginning, and how much that is.
fn timed(path: &Path, piece: &mut [u8]) -> Option<(Duration, usize)> {
    let began = Instant::now();
    let file = File::open(path).ok()?;
    let metadata = file.metadata().ok()?;
    let length = usize::try_from(metadata.len()).unwrap_or(usize::MAX).min(piece.len());
    let read = file.read_at(&mut piece[..length], 0).ok()?;
    drop(file);
    Some((began.elapsed(), read))
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).map_or(0.0, Duration::as_secs_f64)
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = |seconds| time(Some(seconds));
        write!(
            f,
            "{} files opened and read, at most {} KiB of each\n  at first  {:>8}  (after the kernel was asked to \
             forget them)\n  again     {:>8}  (from where the kernel keeps them)\n  memory    {:>8}  (a file in \
             memory)",
            self.files,
            PIECE >> 10,
            at(self.cold_seconds),
            at(self.again_seconds),
            at(self.memory_seconds)
        )
    }
}

/// What kind of filesystem it is.
pub(super) fn filesystem(path: &Path) -> String {
    let Ok(stat) = rustix::fs::statfs(path) else { return "unknown".to_owned() };
    let name = match stat.f_type {
        0xef53 => "ext4",
        0x5846_5342 => "xfs",
        0x9123_683e => "btrfs",
        0x0102_1994 => "tmpfs",
        0x6969 => "nfs",
        0xff53_4d42 => "cifs",
        0xfe53_4d42 => "smb",
        0x6573_5546 => "fuse",
        0x794c_7630 => "overlay",
        0x2fc1_2fc1 => "zfs",
        0x0102_1997 => "9p",
        other => return format!("type {other:#x}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_of_this_machine_is_measured() {
        let top = tempfile::tempdir().expect("temp");
        std::fs::create_dir(top.path().join("d")).expect("mkdir");
        let empty = measure(top.path()).expect_err("no file");
        assert_eq!(empty.exit, Exit::NotFound);
        std::fs::write(top.path().join("d/f"), vec![7; 100_000]).expect("write");
        let measured = measure(top.path()).expect("measured");
        assert_eq!(measured.files, 1);
        assert!(measured.memory_seconds > 0.0 && measured.again_seconds > 0.0, "{measured:?}");
        assert_eq!(measure(&top.path().join("none")).expect_err("gone").exit, Exit::NotFound);
    }
}
