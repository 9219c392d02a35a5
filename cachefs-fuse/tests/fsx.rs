//! The file system exerciser: random reads, writes, truncations and mappings of one file, each checked.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its directory may panic")]

mod acceptance;

use std::fs;
use std::path::Path;

use acceptance::{Mounted, program, setting, tool, usual_modes};
use tempfile::TempDir;

/// Operations per seed, in runs: the suite never unmaps what it mapped for reading, so that a long run would spend its
/// time in the kernel's lists of mappings.
const OPERATIONS: u64 = 50_000;
const OPERATIONS_PER_RUN: u64 = 10_000;

/// Sizes that cross the blocks of the cache (64 KiB) and end anywhere; every operation the suite has.
const CONFIGURATION: &str = "\
flen = 400000
[opsize]
max = 100000
[weights]
close_open = 1
invalidate = 1
mapread = 10
mapwrite = 10
read = 10
write = 10
truncate = 5
fsync = 1
fdatasync = 1
posix_fallocate = 2
punch_hole = 2
sendfile = 2
posix_fadvise = 1
copy_file_range = 2
";

#[test]
fn random_operations_give_what_they_should() {
    let Some(fsx) = tool("fsx") else { return };
    let seeds: Vec<u64> = (0..setting("CACHEFS_FSX_SEEDS", 9)).collect();
    // Every mode has its turn, with one seed after the other.
    let mounts: Vec<Mounted> =
        usual_modes().into_iter().take(seeds.len()).map(|mode| Mounted::within(scratch(), mode)).collect();
    let runs = setting("CACHEFS_FSX_OPERATIONS", OPERATIONS) / OPERATIONS_PER_RUN;
    let settings = tempfile::tempdir().unwrap();
    let configuration = settings.path().join("fsx.toml");
    fs::write(&configuration, CONFIGURATION).unwrap();
    let jobs = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    for batch in seeds.chunks(jobs) {
        std::thread::scope(|scope| {
            for seed in batch {
                let mounted = &mounts[usize::try_from(*seed).unwrap() % mounts.len()];
                let file = mounted.path().join(format!("file-{seed}"));
                scope.spawn({
                    let (fsx, configuration, settings) = (&fsx, &configuration, settings.path());
                    move || {
                        for run in 0..runs {
                            exercise(fsx, configuration, settings, &file, seed * 1000 + run);
                        }
                    }
                });
            }
        });
    }
    mounts.into_iter().for_each(Mounted::unmount);
}

/// In memory where there is such a place: a disk would spend the time on its journal.
fn scratch() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn exercise(fsx: &Path, configuration: &Path, artifacts: &Path, file: &Path, seed: u64) {
    let output = program(fsx)
        .arg("-f")
        .arg(configuration)
        .arg("-P")
        .arg(artifacts)
        .args(&format!("-N {OPERATIONS_PER_RUN} -S {seed}"))
        .arg(file)
        .output();
    let log = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<&str> = log.lines().collect();
    let tail = lines[lines.len().saturating_sub(60)..].join("\n");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "seed {seed}: {}\n{tail}\n{errors}", output.status);
}
