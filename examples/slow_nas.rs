//! What a cache is worth over a network drive: a tree of 1000 small files, read twice, each call to the drive taking
//! 5 ms; through the library, then through a mount.
//!
//! `cargo run --release -p cachefs-examples --example slow_nas` (the mount needs /dev/fuse)
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cachefs::{CacheFs, Coherence};
use cachefs_fuse::{Mount, MountConfig, Trust};
use cachefs_testkit::SlowFs;
use cachefs_vfs::{LocalFs, Vfs, VfsExt};

const LATENCY: Duration = Duration::from_millis(5);
const DIRECTORIES: usize = 20;
const FILES_PER_DIRECTORY: usize = 50;

/// What reading the tree twice took.
#[derive(Debug)]
struct Timing {
    first: Duration,
    second: Duration,
}

impl Timing {
    fn of(mut read_tree: impl FnMut() -> Result<usize, Box<dyn Error>>) -> Result<Self, Box<dyn Error>> {
        let mut timed = || -> Result<Duration, Box<dyn Error>> {
            let start = Instant::now();
            let files = read_tree()?;
            assert_eq!(files, DIRECTORIES * FILES_PER_DIRECTORY);
            Ok(start.elapsed())
        };
        Ok(Self { first: timed()?, second: timed()? })
    }

    fn ratio(&self) -> f64 {
        self.first.as_secs_f64() / self.second.as_secs_f64()
    }

    fn print(&self, name: &str) {
        let ratio = self.ratio();
        println!("{name}: first {:.2?}, second {:.2?}: {ratio:.0} times faster", self.first, self.second);
    }
}

fn content(directory: usize, file: usize) -> String {
    format!("file {file} of directory {directory}\n").repeat(40)
}

fn make_tree(root: &Path) -> Result<(), Box<dyn Error>> {
    for directory in 0..DIRECTORIES {
        let path = root.join(format!("d{directory}"));
        fs::create_dir(&path)?;
        for file in 0..FILES_PER_DIRECTORY {
            fs::write(path.join(format!("f{file}")), content(directory, file))?;
        }
    }
    Ok(())
}

/// The directory as if it were far away, behind a cache.
fn cached(source: &Path) -> Result<CacheFs, Box<dyn Error>> {
    let drive = SlowFs::new(Arc::new(LocalFs::open(source)?)).latency(LATENCY);
    // Nobody else changes this drive, so that what was read once stays true.
    Ok(CacheFs::builder(Arc::new(drive)).coherence(Coherence::Single).build()?)
}

fn read_by_library(fs: &CacheFs) -> Result<usize, Box<dyn Error>> {
    let mut files = 0;
    for directory in 0..DIRECTORIES {
        for file in 0..FILES_PER_DIRECTORY {
            let path = format!("d{directory}/f{file}");
            assert_eq!(fs.read(&path)?, content(directory, file).as_bytes());
            files += 1;
        }
    }
    Ok(files)
}

fn read_by_mount(root: &Path) -> Result<usize, Box<dyn Error>> {
    let mut files = 0;
    for directory in 0..DIRECTORIES {
        for file in 0..FILES_PER_DIRECTORY {
            let path = root.join(format!("d{directory}/f{file}"));
            assert_eq!(fs::read(path)?, content(directory, file).as_bytes());
            files += 1;
        }
    }
    Ok(files)
}

fn measure_library(source: &Path) -> Result<Timing, Box<dyn Error>> {
    let fs = cached(source)?;
    Timing::of(|| read_by_library(&fs))
}

fn measure_mount(source: &Path) -> Result<Timing, Box<dyn Error>> {
    let mountpoint = tempfile::tempdir()?;
    let config = MountConfig { trust: Trust::Always, ..MountConfig::default() };
    let fs: Arc<dyn Vfs> = Arc::new(cached(source)?);
    let mount = Mount::start(fs, mountpoint.path(), config)?;
    let timing = Timing::of(|| read_by_mount(mountpoint.path()));
    drop(mount);
    timing
}

fn main() -> Result<(), Box<dyn Error>> {
    let source = tempfile::tempdir()?;
    make_tree(source.path())?;
    let library = measure_library(source.path())?;
    library.print("library");
    let mount = measure_mount(source.path())?;
    mount.print("mount");
    assert!(library.ratio() >= 100.0, "the library should be 100 times faster the second time");
    assert!(mount.ratio() >= 50.0, "the mount should be 50 times faster the second time");
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_second_time_is_fast() {
        super::main().unwrap();
    }
}
